-- Pooled over member schools: the sum of the counts, never an average of averages.
-- Where a member prints a range, the pooled rate is a range. A member without a
-- usable value lowers the coverage and leaves the rate alone. Rates printed without
-- counts cannot be pooled: not_reported, as where nothing came.
with outcomes as (
    select * from {{ ref('fct_school_outcomes') }}
    where is_preferred
),

members as (
    select * from {{ ref('bridge_coalition_school') }}
),

member_years as (
    select * from {{ ref('int_coalition_member_years') }}
),

sizes as (
    select
        coalition_id,
        school_year,
        count(*) as members_count,
        count(distinct state) as states_count
    from member_years
    group by coalition_id, school_year
),

usable as (
    {{ members_outcomes() }}
),

pooled as (
    select
        audience,
        coalition_id,
        school_year,
        metric_id,
        student_group,
        count(*) filter (where is_usable) as members_reporting_count,
        count(distinct state) filter (where is_usable) as states_reporting_count,
        {{ pooled_sums('is_usable') }}
        bool_or(value_status = 'suppressed' or is_hidden) as has_suppressed,
        bool_or(value_status = 'reported' and not is_hidden)
            as has_rates_without_counts,
        bool_and(value_status = 'not_applicable') as has_no_students
    from usable
    group by audience, coalition_id, school_year, metric_id, student_group
),

rated as (
    select
        *,
        case when is_exact then printed_numerator end as exact_numerator,
        cast({{ pooled_pct('lowest_sum') }} as double) as low_pct,
        cast({{ pooled_pct('highest_sum') }} as double) as high_pct,
        {{ pooled_status('members_reporting_count') }} as value_status
    from pooled
),

published as (
    select
        rated.audience,
        rated.coalition_id,
        cast(rated.school_year as integer) as school_year,
        rated.metric_id,
        rated.student_group,
        rated.exact_numerator as numerator,
        rated.denominator,
        case when rated.is_exact then rated.low_pct end as value_pct,
        case when not rated.is_exact then rated.low_pct end as value_low_pct,
        case when not rated.is_exact then rated.high_pct end as value_high_pct,
        rated.value_status,
        rated.members_reporting_count,
        sizes.members_count,
        rated.states_reporting_count,
        sizes.states_count
    from rated
    inner join sizes
        on
            rated.coalition_id = sizes.coalition_id
            and rated.school_year = sizes.school_year
)

select * from published
