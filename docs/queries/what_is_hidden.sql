-- How much is not there, and why?
-- Hidden, not reported and not applicable are three things, and none of them is zero.
select
    state,
    metric_id,
    school_year,
    count_if(value_status in ('reported', 'range')) as with_a_number,
    count_if(value_status = 'suppressed') as hidden,
    count_if(value_status = 'not_reported') as not_reported,
    count_if(value_status = 'not_applicable') as not_applicable
from school_outcomes
where is_preferred
group by state, metric_id, school_year
order by state, metric_id, school_year;
