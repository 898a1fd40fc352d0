-- The counts of a school in the baseline year beside those of another year, where the
-- metric is counted in one way in both.
with schools as (
    select * from {{ ref('int_comparison_schools') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where
        level = 'school'
        and is_preferred
        and student_group = 'all'
        and value_status = 'reported'
        and numerator is not null
        and denominator > 0
),

segments as (
    select * from {{ ref('int_metric_segments') }}
),

paired as (
    select
        schools.school_key,
        schools.state,
        schools.metric_id,
        schools.direction,
        schools.league_group,
        schools.stratum,
        schools.baseline_year,
        schools.baseline_numerator,
        schools.baseline_denominator,
        cast(outcomes.school_year as integer) as school_year,
        outcomes.numerator,
        outcomes.denominator,
        cast(
            {{ pct_of_counts('outcomes.numerator', 'outcomes.denominator') }}
            - {{ pct_of_counts(
                'schools.baseline_numerator', 'schools.baseline_denominator'
            ) }} as decimal(18, 12)
        ) as change_points
    from schools
    inner join outcomes
        on
            schools.school_key = outcomes.school_key
            and schools.metric_id = outcomes.metric_id
            and schools.baseline_year <> outcomes.school_year
    inner join segments
        on
            schools.state = segments.state
            and schools.metric_id = segments.metric_id
            and outcomes.provider = segments.provider
            and schools.baseline_year between segments.first_year and segments.last_year
            and outcomes.school_year between segments.first_year and segments.last_year
)

select * from paired
