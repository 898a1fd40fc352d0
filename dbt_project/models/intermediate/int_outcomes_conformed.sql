-- Common names for states, groups and schools. A table: four models read it.
with outcomes as (
    select * from {{ ref('int_outcomes_delivered') }}
),

{{ conformed_schools('outcomes') }},

conformed as (
    select
        provider,
        extract,
        level,
        state,
        printed_id_nces,
        printed_id_state,
        school_id_nces,
        school_id_state,
        lea_id_nces,
        lea_id_state,
        lea_name,
        school_name,
        school_key,
        school_year,
        metric_id,
        student_group,
        numerator,
        denominator,
        value_pct,
        value_low_pct,
        value_high_pct,
        lowest_pct,
        highest_pct,
        value_status,
        definition_id,
        visibility,
        data_as_of,
        source_file,
        source_sheet,
        source_row,
        delivery,
        landed_at,
    from keyed
)

select * from conformed
