-- How many rows of each extract tell of each state and school year.
with states as (
    {{ spelled_states() }}
    where states.is_nessc
),

delivered as (
    {%- for relation in [
        'int_outcomes_delivered', 'int_enrollments_delivered', 'int_student_enrollments',
        'int_student_attendance', 'stg_nessc__student_assessment',
    ] %}
    select
        provider,
        extract,
        state,
        school_year,
    from {{ ref(relation) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        delivered.provider,
        delivered.extract,
        states.state,
        delivered.school_year,
        count(*) as rows_count,
    from delivered
    inner join states
        on delivered.state = states.printed_state
    where delivered.school_year is not null
    group by
        delivered.provider, delivered.extract, states.state, delivered.school_year
)

select * from counted
