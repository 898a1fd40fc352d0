{{ config(materialized="view") }}

-- Common names for states, groups and schools.
with enrollments as (
    select * from {{ ref('int_enrollments_delivered') }}
),

{{ conformed_schools('enrollments') }},

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
        grade,
        student_group,
        student_count,
        value_status,
        visibility,
        source_file,
        source_row,
        delivery,
        landed_at
    from keyed
)

select * from conformed
