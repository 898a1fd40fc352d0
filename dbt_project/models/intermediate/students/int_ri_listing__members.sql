with members as (
    {{ current_rows('stg_ri__cohort_listing') }}
),

listed as (
    select
        provider,
        extract,
        state,
        student_key,
        lea_id_state,
        school_id_state,
        cohort_year,
        outcome_code,
        source_file,
        source_row,
        delivery
    from members
)

select * from listed
