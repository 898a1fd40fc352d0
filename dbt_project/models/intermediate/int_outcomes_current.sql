-- One row a provider and cell. Where two current files print the same cell, the one
-- that landed later counts, then the one whose name sorts last.
with outcomes as (
    select * from {{ ref('int_outcomes_conformed') }}
),

newest as (
    select *
    from outcomes
    qualify row_number() over (
        partition by
            provider, level, state, school_key, school_year, metric_id, student_group
        order by landed_at desc, source_file desc, source_row desc
    ) = 1
)

select * from newest
