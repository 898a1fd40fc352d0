{{ config(materialized="view") }}

-- Every student once for each metric, school and school year that counts them.
with cases as (
    {%- for kind in [
        'cohort', 'event_dropout', 'college', 'attendance', 'assessment',
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        extract,
        metric_id,
        state,
        lea_id_state,
        school_id_state,
        school_year,
        student_key,
        first_year,
        last_year,
        cast(numerator as decimal(18, 3)) as numerator,
        cast(denominator as decimal(18, 3)) as denominator,
        is_school_case and school_id_state is not null as is_school_case,
        is_state_case,
        origin
    from {{ ref('int_' ~ kind ~ '_cases') }}
    {%- endfor %}
)

select * from cases
where is_school_case or is_state_case
