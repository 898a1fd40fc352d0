-- What is still to come, by publisher, data set and state, with its days.
select
    provider, extract, state, due_basis, due_on, missing_from, message,
    string_agg(cast(school_year as varchar), ', ' order by school_year) as years
from delivery_calendar
where delivery_status = 'open'
group by all
order by due_on desc nulls last, missing_from desc nulls last, provider, extract, state, message;
