-- Where a school starts from: the share of its students who do not meet the metric,
-- unrounded where both counts are printed. A printed range gives a range; a marker
-- gives no baseline. Where the rule's year has no usable value, the nearest year within
-- baseline_fallback_years stands in, the earlier first. Behind a break the first usable
-- year begins anew.
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

segments as (
    select * from {{ ref('int_metric_segments') }}
),

wanted as (
    select
        outcomes.*,
        rules.rule_version,
        segments.first_year as segment_first_year,
        segments.last_year as segment_last_year,
        segments.first_year > rules.baseline_year as is_behind_break,
        segments.break_description,
        greatest(rules.baseline_year, segments.first_year) as wanted_year,
        rules.baseline_fallback_years,
    from outcomes
    inner join segments
        on
            outcomes.state = segments.state
            and outcomes.metric_id = segments.metric_id
            and outcomes.school_year between segments.first_year and segments.last_year
    cross join rules
    -- A stretch that ended before the rule's year starts no path.
    where segments.last_year >= rules.baseline_year
),

nearest as (
    select *
    from wanted
    where abs(school_year - wanted_year) <= baseline_fallback_years
    qualify row_number() over (
        partition by
            rule_version, school_key, metric_id, student_group, segment_first_year
        order by abs(school_year - wanted_year), school_year
    ) = 1
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
        outcomes.visibility as baseline_visibility,
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
        outcomes.rule_version,
        outcomes.segment_last_year,
        case when outcomes.is_behind_break then outcomes.break_description end
            as break_description,
        case
            when outcomes.is_behind_break then 'new_start_after_break'
            when outcomes.school_year <> outcomes.wanted_year then 'nearest_usable_year'
            else 'year_of_the_rule'
        end as baseline_reason,
    from nearest as outcomes
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
        baseline_visibility,
        baseline_source_file,
        baseline_source_row,
        direction,
        rule_version,
        segment_last_year,
        baseline_reason,
        break_description,
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
