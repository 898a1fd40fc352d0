{{ config(materialized="view") }}

-- Districts as their publishers print them; never the sum of their schools.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'lea'
),

suppressed as (
    select * from {{ ref('int_suppressed_cells') }}
    where level = 'lea'
),

marked as (
    select
        outcomes.*,
        outcomes.school_key as lea_key,
        suppressed.school_key is not null as is_hidden_from_public,
        coalesce(suppressed.is_denominator_hidden, false) as is_denominator_hidden
    from outcomes
    left join suppressed
        on
            outcomes.provider = suppressed.provider
            and outcomes.school_key = suppressed.school_key
            and outcomes.school_year = suppressed.school_year
            and outcomes.metric_id = suppressed.metric_id
            and outcomes.student_group = suppressed.student_group
)

select * from marked
