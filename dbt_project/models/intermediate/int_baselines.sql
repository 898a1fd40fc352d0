-- Where a school stands in the baseline year: the share of its students who do not
-- meet the metric, unrounded where both counts are printed. A printed range gives a
-- range; a marker gives no baseline.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred and value_status in ('reported', 'range')
),

metrics as (
    select * from {{ ref('metrics') }}
    where has_targets
),

rules as (
    select * from {{ ref('target_rules') }}
    where is_active
),

baselines as (
    select
        outcomes.school_key,
        outcomes.school_id_nces,
        outcomes.state,
        outcomes.metric_id,
        outcomes.student_group,
        outcomes.school_year as baseline_year,
        outcomes.value_status as baseline_status,
        outcomes.provider as baseline_provider,
        outcomes.source_file as baseline_source_file,
        outcomes.source_row as baseline_source_row,
        outcomes.numerator is not null
        and outcomes.denominator is not null as has_counts,
        case metrics.direction
            when 'higher'
                then 100 - coalesce(outcomes.value_high_pct, outcomes.value_pct)
            else coalesce(outcomes.value_low_pct, outcomes.value_pct)
        end as printed_low_pct,
        case metrics.direction
            when 'higher'
                then 100 - coalesce(outcomes.value_low_pct, outcomes.value_pct)
            else coalesce(outcomes.value_high_pct, outcomes.value_pct)
        end as printed_high_pct,
        case metrics.direction
            when 'higher' then 100 - outcomes.highest_pct else outcomes.lowest_pct
        end as unrounded_low_pct,
        case metrics.direction
            when 'higher' then 100 - outcomes.lowest_pct else outcomes.highest_pct
        end as unrounded_high_pct,
        metrics.direction,
        rules.rule_version,
    from outcomes
    inner join rules
        on outcomes.school_year = rules.baseline_year
    inner join metrics
        on outcomes.metric_id = metrics.metric_id
),

unrounded as (
    select
        school_key,
        school_id_nces,
        state,
        metric_id,
        student_group,
        baseline_year,
        baseline_status,
        baseline_provider,
        baseline_source_file,
        baseline_source_row,
        direction,
        rule_version,
        cast(
            case when has_counts then unrounded_low_pct else printed_low_pct end
            as decimal(18, 12)
        ) as not_meeting_low_pct,
        cast(
            case when has_counts then unrounded_high_pct else printed_high_pct end
            as decimal(18, 12)
        ) as not_meeting_high_pct,
    from baselines
)

select * from unrounded
