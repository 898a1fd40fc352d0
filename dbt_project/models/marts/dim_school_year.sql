-- Every year that an outcome or a target has, without a hole: what MetricFlow calls a
-- time spine.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
),

targets as (
    select * from {{ ref('int_school_targets') }}
),

named as (
    select school_year from outcomes
    union
    select school_year from targets
),

counted as (
    select unnest(range(min(school_year), max(school_year) + 1)) as school_year
    from named
),

labelled as (
    select
        cast(school_year as integer) as school_year,
        (school_year - 1) || '-' || right(cast(school_year as varchar), 2)
            as school_year_label,
        make_date(school_year, 1, 1) as school_year_date
    from counted
)

select * from labelled
