{{ config(materialized="view") }}

-- States as their publishers print them; never the sum of their schools, since a state
-- counts students who are placed outside any school.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'state'
),

suppressed as (
    select * from {{ ref('int_suppressed_cells') }}
    where level = 'state'
),

marked as (
    select
        outcomes.*,
        suppressed.state is not null as is_hidden_from_public,
        coalesce(suppressed.is_denominator_hidden, false) as is_denominator_hidden
    from outcomes
    left join suppressed
        on
            outcomes.provider = suppressed.provider
            and outcomes.state = suppressed.state
            and outcomes.school_year = suppressed.school_year
            and outcomes.metric_id = suppressed.metric_id
            and outcomes.student_group = suppressed.student_group
)

select * from marked
