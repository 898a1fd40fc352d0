-- What remains of the share of students who do not meet a metric, year by year, for
-- each year that a baseline may be of: decreases count from the year after it.
-- compounding: m(t) = m(t-1) * (1 - r(t)); linear: m(t) = m(0) * (1 - sum of r).
-- Decimals throughout: product() would give doubles (8.881953750000001).
with recursive decreases as (
    select
        rule_version,
        school_year,
        cast(decrease_pct as decimal(9, 6)) as decrease_pct,
        lag(school_year) over (
            partition by rule_version order by school_year
        ) as year_before
    from {{ ref('target_decreases') }}
),

-- A baseline of the year before the first decrease, or of any year before that, has all
-- decreases ahead; a baseline of a later year has the decreases after it.
starts as (
    select
        rule_version,
        year_before as after_year,
        school_year as first_year
    from decreases
),

compounded as (
    select
        starts.rule_version,
        starts.after_year,
        decreases.school_year,
        cast((100 - decreases.decrease_pct) * 0.01 as decimal(18, 12))
            as compounding_factor,
        cast(1 - decreases.decrease_pct * 0.01 as decimal(18, 12)) as linear_factor
    from starts
    inner join decreases
        on
            starts.rule_version = decreases.rule_version
            and starts.first_year = decreases.school_year
    union all
    select
        compounded.rule_version,
        compounded.after_year,
        decreases.school_year,
        cast(
            compounded.compounding_factor * (100 - decreases.decrease_pct) * 0.01
            as decimal(18, 12)
        ) as compounding_factor,
        cast(
            compounded.linear_factor - decreases.decrease_pct * 0.01 as decimal(18, 12)
        ) as linear_factor
    from compounded
    inner join decreases
        on
            compounded.rule_version = decreases.rule_version
            and compounded.school_year = decreases.year_before
),

by_model as (
    select
        rule_version,
        after_year,
        school_year,
        'compounding' as target_model,
        compounding_factor as remaining_factor
    from compounded
    union all
    select
        rule_version,
        after_year,
        school_year,
        'linear' as target_model,
        greatest(0, linear_factor) as remaining_factor
    from compounded
)

select * from by_model
