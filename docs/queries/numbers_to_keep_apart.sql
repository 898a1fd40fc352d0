-- Which numbers stand beside nothing that is counted otherwise, and why?
select distinct
    warned.state,
    warned.metric_id,
    warned.provider,
    warned.school_year,
    warned.text,
    warned.source
from warned_outcomes as warned
where warned.is_preferred and warned.severity = 'do_not_compare'
order by warned.state, warned.metric_id, warned.school_year;
