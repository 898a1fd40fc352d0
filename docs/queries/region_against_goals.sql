-- Where do the network and its states stand against the consortium's goals?
-- The newest year of each with a number; the verdict against the path is beside it.
select
    level,
    entity_id,
    metric_id,
    school_year,
    value_status,
    value_pct,
    value_low_pct,
    value_high_pct,
    goal_pct,
    verdict
from network_progress
where
    student_group = 'all'
    and target_model = 'compounding'
    and value_status in ('reported', 'range')
qualify school_year = max(school_year) over (partition by level, entity_id, metric_id)
order by metric_id, level, entity_id;
