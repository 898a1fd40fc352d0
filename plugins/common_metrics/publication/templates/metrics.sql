-- One row a metric: what it counts, its goals, and the newest rate of each state.
with held as (
    select
        metric_id,
        list({'state': entity_id, 'years': list_filter(years, lambda y: not y.is_ahead)}
            order by entity_id) as states
    from progress
    inner join shown_states on progress.entity_id = shown_states.state
    where level = 'state'
    group by all
),

counted as (
    select
        metric_id, count(distinct school_key) as schools_count,
        min(school_year) as first_year, max(school_year) as last_year,
        list(distinct provider order by provider) as providers
    from points
    where value_status in ('reported', 'range', 'suppressed')
    group by all
),

goals as (
    select
        metric_id,
        list({'document': document, 'pct': goal_pct::double, 'comparison': comparison,
            'is_current': is_current, 'reason': american(reason), 'source': source,
            'evidence': evidence} order by goal_version nulls first) as goals
    from metric_goals
    group by all
),

breaks as (
    select
        metric_id,
        list({'state': state, 'first_year': first_year, 'description': american(description),
            'evidence': evidence, 'source': source} order by state) as breaks
    from metric_breaks
    group by all
)

select
    shown_metrics.*, coalesce(schools_count, 0) as schools_count, first_year, last_year,
    coalesce(providers, []) as providers, coalesce(states, []) as states,
    coalesce(goals, []) as goals, coalesce(breaks, []) as breaks
from shown_metrics
left join held using (metric_id)
left join counted using (metric_id)
left join goals using (metric_id)
left join breaks using (metric_id)
order by place;
