-- What does a column mean, in which unit?
select *
from data_dictionary
where "table" = 'school_history' -- noqa: RF06
order by "column"; -- noqa: RF06
