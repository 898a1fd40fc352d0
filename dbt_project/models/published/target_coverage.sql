-- Whether a school has a target, or why not. The public knows of no hidden number why a
-- school has none, but that it is one.
with coverage as (
    select * from {{ ref('int_target_coverage') }}
),

{{ hidden_baselines() }},

targets as (
    select distinct
        school_key,
        metric_id,
        student_group,
        school_year,
        true as is_shown
    from {{ as_seen_by('public', 'school_targets') }}
),

told as (
    select
        coverage.* exclude (reason),
        audiences.audience,
        case
            when audiences.audience = 'partner' then coverage.reason
            when targets.is_shown then 'target'
            when
                hidden_series.school_key is not null
                and coverage.reason not in ('closed', 'metric_not_reported_in_state')
                then 'suppressed_baseline'
            else coverage.reason
        end as reason
    from coverage
    cross join {{ audiences() }}
    {{ joins_hidden_series('coverage') }}
    left join targets
        on
            coverage.school_key = targets.school_key
            and coverage.metric_id = targets.metric_id
            and coverage.student_group = targets.student_group
            and coverage.school_year = targets.school_year
),

published as (
    select
        audience,
        school_key,
        state,
        metric_id,
        student_group,
        cast(school_year as integer) as school_year,
        reason = 'target' as has_target,
        reason
    from told
)

select * from published
