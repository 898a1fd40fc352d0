with cells as (
    from state_outcomes where student_group = 'all' and is_preferred
),
due as (
    select state, metric_id, school_year,
        max(coverage_status) as coverage_status
    from (select distinct state, metric_id, provider, extract from cells)
    inner join coverage using (provider, extract)
    group by all
),
years as (
    select state, metric_id,
        unnest(generate_series(min(school_year), max(school_year)))
            as school_year
    from (
        select state, metric_id, school_year from cells
        union all
        select state, metric_id, school_year from due
    )
    group by state, metric_id
)
select state, metric_id, direction, school_year, value_pct, value_low_pct,
    value_high_pct, value_status, coverage_status, goal_pct, cells.provider,
    source_file
from years
inner join dim_metric using (metric_id)
left join cells using (state, metric_id, school_year)
left join due using (state, metric_id, school_year)
where has_targets
order by state, metric_id, school_year
