-- Common names for states, groups and schools. A table: four models read it.
with outcomes as (
    select * from {{ ref('int_outcomes_delivered') }}
),

{{ conformed_schools('outcomes') }},

conformed as (
    select
        {{ conformed_columns() }},
        source_sheet,
        source_row,
        delivery,
        landed_at
    from keyed
)

select * from conformed
