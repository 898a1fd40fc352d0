-- Of which metrics has a state no school with a verdict, and why?
select
    state,
    label,
    newest_rate_year,
    first_target_year,
    reason
from verdict_coverage
where schools_judged_count = 0
order by state, label;
