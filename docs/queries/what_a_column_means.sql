-- What does a column mean, in which unit?
select *
from data_dictionary
where table_name = 'school_history'
order by column_name;
