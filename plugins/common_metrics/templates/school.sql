with started as (
    select school_key, metric_id, student_group, state, baseline_year,
        baseline_provider,
        cast(100 - baseline_not_meeting_pct as double) as baseline_rate
    from school_targets
    where metric_id = 'acgr_4yr' and student_group = 'all'
        and baseline_status = 'reported'
        and baseline_not_meeting_pct is not null
        and state in ('CT', 'ME', 'NH', 'RI', 'VT')
    group by all
    having count(distinct target_model) = 2
),
example as (
    from started
    order by baseline_provider = 'us', abs(baseline_rate - 85), school_key
    limit 1
),
history as (
    from school_outcomes
    semi join example using (school_key, metric_id, student_group)
    where is_preferred
),
targets as (
    select school_year, any_value(goal_pct) as goal_pct,
        cast(round(max(target_pct) filter (target_model = 'compounding'), 1)
            as double) as compounding_pct,
        cast(round(max(target_pct) filter (target_model = 'linear'), 1)
            as double) as linear_pct
    from school_targets
    semi join example using (school_key, metric_id, student_group)
    group by school_year
),
verdicts as (
    select school_year, any_value(interval_low_pct) as interval_low_pct,
        any_value(interval_high_pct) as interval_high_pct,
        max(verdict) filter (target_model = 'compounding') as compounding,
        max(verdict) filter (target_model = 'linear') as linear
    from school_target_status
    semi join example using (school_key, metric_id, student_group)
    group by school_year
),
years as (
    select unnest(generate_series(least((select min(school_year) from history),
        (select min(baseline_year) from example)),
        (select max(school_year) from targets))) as school_year
)
select example.state, dim_school.school_name, lea_name, baseline_year,
    round(baseline_rate, 1) as baseline_rate, school_year, value_pct,
    value_low_pct, value_high_pct, value_status, provider, source_file,
    interval_low_pct, interval_high_pct,
    goal_pct, compounding, linear,
    if(school_year = baseline_year, baseline_rate, compounding_pct)
        as compounding_pct,
    if(school_year = baseline_year, baseline_rate, linear_pct) as linear_pct
from years
cross join example
inner join dim_school using (school_key)
left join history using (school_year)
left join targets using (school_year)
left join verdicts using (school_year)
order by school_year
