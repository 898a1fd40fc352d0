-- How far apart are two states, where both count alike?
-- The view has pairs of one comparability class alone. A range gives a least and a
-- most; counted_since tells of a break.
select
    state,
    other_state,
    metric_id,
    school_year,
    value_status,
    other_value_status,
    difference_low_points,
    difference_high_points,
    counted_since,
    other_counted_since
from state_comparison
where metric_id = other_metric_id and student_group = 'all'
order by metric_id, school_year, state, other_state;
