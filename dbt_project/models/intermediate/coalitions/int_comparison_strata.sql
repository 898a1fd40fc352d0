-- Counts of each group within a stratum, pooled: sums of students, no mean of schools.
with changes as (
    select * from {{ ref('int_comparison_changes') }}
    where stratum is not null
),

pooled as (
    select
        metric_id,
        school_year,
        baseline_year,
        stratum,
        league_group,
        count(*) as schools_count,
        cast(sum(baseline_numerator) as bigint) as baseline_numerator,
        cast(sum(baseline_denominator) as bigint) as baseline_denominator,
        cast(sum(numerator) as bigint) as numerator,
        cast(sum(denominator) as bigint) as denominator
    from changes
    group by metric_id, school_year, baseline_year, stratum, league_group
),

rated as (
    select
        *,
        {{ pct_of_counts('numerator', 'denominator') }} as value_pct,
        {{ pct_of_counts('baseline_numerator', 'baseline_denominator') }}
            as baseline_pct,
        least(
            numerator,
            denominator - numerator,
            baseline_numerator,
            baseline_denominator - baseline_numerator
        ) as smallest_count
    from pooled
),

-- Variance of a change in points: p (100 - p) / n of each of the two years.
varied as (
    select
        *,
        cast(value_pct - baseline_pct as decimal(18, 12)) as change_points,
        cast(
            cast(value_pct as double) * (100 - cast(value_pct as double)) / denominator
            + cast(baseline_pct as double) * (100 - cast(baseline_pct as double))
            / baseline_denominator as decimal(38, 12)
        ) as variance
    from rated
)

select * from varied
