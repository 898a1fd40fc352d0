-- How many rows of each extract tell of each state and school year.
with states as (
    {{ spelled_states() }}
    where states.is_nessc
),

delivered as (
    {%- for relation in ['int_outcomes_delivered', 'int_enrollments_delivered'] %}
    select
        provider,
        extract,
        state,
        school_year,
        1 as rows_count
    from {{ ref(relation) }}
    union all
    {%- endfor %}
    select
        provider,
        extract,
        state,
        school_year,
        rows_count
    from {{ ref('int_student_rows_by_state') }}
),

counted as (
    select
        delivered.provider,
        delivered.extract,
        states.state,
        delivered.school_year,
        cast(sum(delivered.rows_count) as bigint) as rows_count
    from delivered
    inner join states
        on delivered.state = states.printed_state
    where delivered.school_year is not null
    group by
        delivered.provider, delivered.extract, states.state, delivered.school_year
)

select * from counted
