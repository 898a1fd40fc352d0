select metric_id, label, direction, goal_pct,
    max(school_year) filter (value_status in ('reported', 'range'))
        as newest_year
from dim_metric
left join school_outcomes using (metric_id)
where has_targets
group by all
order by metric_id
