-- Whether any number of the release was counted from a file that is not public.
select provider, extract
from school_outcomes
where visibility = 'restricted'
limit 1;
