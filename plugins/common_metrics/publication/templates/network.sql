-- The network against its goals.
select
    metric_id, metric.slug, label, direction, goal_pct, goal_words, is_core,
    is_of_class, baseline_year, years
from progress
inner join shown_metrics as metric using (metric_id)
where level = 'network'
order by place;
