-- How many rows of students each extract has of a state, as it is spelled, and year.
with rows_received as (
    {%- for relation in [
        'int_student_enrollments', 'int_student_attendance',
        'stg_nessc__student_assessment',
    ] %}
    select
        provider,
        extract,
        state,
        school_year
    from {{ ref(relation) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        provider,
        extract,
        state,
        school_year,
        count(*) as rows_count
    from rows_received
    group by provider, extract, state, school_year
)

select * from counted
