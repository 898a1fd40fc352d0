-- What remains of the share of students who do not meet a metric, year by year.
-- compounding: m(t) = m(t-1) * (1 - r(t)); linear: m(t) = m(0) * (1 - sum of r).
-- Decimals throughout: product() would give doubles (8.881953750000001).
with recursive rules as (
    select * from {{ ref('target_rules') }}
),

decreases as (
    select
        rule_version,
        school_year,
        cast(decrease_pct as decimal(9, 6)) as decrease_pct,
        row_number() over (partition by rule_version order by school_year) as step,
    from {{ ref('target_decreases') }}
),

compounded as (
    select
        rule_version,
        0 as step,
        cast(0 as integer) as school_year,
        cast(1 as decimal(18, 12)) as compounding_factor,
        cast(1 as decimal(18, 12)) as linear_factor,
    from rules
    union all
    select
        decreases.rule_version,
        decreases.step,
        decreases.school_year,
        cast(
            compounded.compounding_factor * (100 - decreases.decrease_pct) * 0.01
            as decimal(18, 12)
        ) as compounding_factor,
        cast(
            compounded.linear_factor - decreases.decrease_pct * 0.01 as decimal(18, 12)
        ) as linear_factor,
    from compounded
    inner join decreases
        on
            compounded.rule_version = decreases.rule_version
            and compounded.step + 1 = decreases.step
),

by_model as (
    select
        rule_version,
        school_year,
        'compounding' as target_model,
        compounding_factor as remaining_factor,
    from compounded
    where step > 0
    union all
    select
        rule_version,
        school_year,
        'linear' as target_model,
        greatest(0, linear_factor) as remaining_factor,
    from compounded
    where step > 0
)

select * from by_model
