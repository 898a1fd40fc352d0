-- Every school with counts in the baseline year, the group of the League that it is of,
-- and the stratum within which it may be compared: state, size of the class, share of
-- low-income students, and the share not meeting the metric. A school of which one of
-- the four is unknown has no stratum, since nobody can tell whom it resembles.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where
        level = 'school'
        and is_preferred
        and student_group = 'all'
        and school_year = {{ league_rule('comparison_baseline_year', 'integer') }}
        and denominator > 0
),

metrics as (
    select * from {{ ref('metrics') }}
    where has_targets
),

classes as (
    select
        school_key,
        denominator as class_size
    from outcomes
    where metric_id = 'acgr_4yr'
),

shares as (
    select * from {{ ref('int_school_low_income') }}
    where school_year = {{ league_rule('comparison_baseline_year', 'integer') }}
),

league_groups as (
    select * from {{ ref('int_league_groups') }}
),

bands as (
    select * from {{ ref('comparison_bands') }}
),

measured as (
    select
        outcomes.school_key,
        outcomes.state,
        outcomes.metric_id,
        metrics.direction,
        cast(outcomes.school_year as integer) as baseline_year,
        outcomes.numerator as baseline_numerator,
        outcomes.denominator as baseline_denominator,
        case metrics.direction
            when 'higher' then outcomes.denominator - outcomes.numerator
            else outcomes.numerator
        end as not_meeting_count,
        coalesce(league_groups.league_group, 'outside') as league_group,
        classes.class_size,
        shares.low_income_pct
    from outcomes
    inner join metrics
        on outcomes.metric_id = metrics.metric_id
    left join league_groups
        on outcomes.school_key = league_groups.school_key
    left join classes
        on outcomes.school_key = classes.school_key
    left join shares
        on outcomes.school_key = shares.school_key
    where outcomes.value_status = 'reported' and outcomes.numerator is not null
),

shared as (
    select
        *,
        {{ pct_of_counts('not_meeting_count', 'baseline_denominator') }}
            as not_meeting_pct
    from measured
),

banded as (
    select
        shared.*,
        class_size_bands.band as class_size_band,
        low_income_bands.band as low_income_band,
        baseline_bands.band as baseline_band
    from shared
    left join bands as class_size_bands
        on
            class_size_bands.characteristic = 'class_size'
            and shared.class_size >= class_size_bands.at_least
            and shared.class_size < class_size_bands.below
    left join bands as low_income_bands
        on
            low_income_bands.characteristic = 'low_income'
            and shared.low_income_pct >= low_income_bands.at_least
            and shared.low_income_pct < low_income_bands.below
    left join bands as baseline_bands
        on
            baseline_bands.characteristic = 'baseline'
            and shared.not_meeting_pct >= baseline_bands.at_least
            and shared.not_meeting_pct < baseline_bands.below
),

placed as (
    select
        *,
        state || ', class ' || class_size_band || ', low income ' || low_income_band
        || ', not meeting ' || baseline_band as stratum
    from banded
)

select * from placed
