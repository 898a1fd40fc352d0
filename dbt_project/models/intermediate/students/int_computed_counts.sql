-- Numerators and denominators of the computed metrics, by school or state and group.
with cases as (
    select * from {{ ref('int_student_cases') }}
),

groups as (
    select * from {{ ref('int_window_groups') }}
),

-- What one student more could add at most: as many days as who has most of them.
placed as (
    {%- for level, school, lea, window in [
        ('school', 'school_id_state', 'lea_id_state', 'school_id_state, school_year'),
        ('state', 'cast(null as string)', 'cast(null as string)', 'school_year'),
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        '{{ level }}' as level,
        extract,
        metric_id,
        state,
        {{ lea }} as lea_id_state,
        {{ school }} as school_id_state,
        school_year,
        student_key,
        first_year,
        last_year,
        numerator,
        denominator,
        origin,
        max(denominator) over (
            partition by metric_id, state, {{ window }}
        ) as largest_denominator
    from cases
    where is_{{ level }}_case
    {%- endfor %}
),

counted as (
    select
        placed.extract,
        placed.metric_id,
        placed.level,
        placed.state,
        max(placed.lea_id_state) as lea_id_state,
        placed.school_id_state,
        placed.school_year,
        groups.student_group,
        cast(sum(placed.numerator) as decimal(38, 3)) as numerator,
        cast(sum(placed.denominator) as decimal(38, 3)) as denominator,
        max(placed.largest_denominator) as largest_denominator,
        count(distinct placed.student_key) as students_count,
        {{ sorted_texts('placed.origin') }} as origins
    from placed
    inner join groups
        on
            placed.state = groups.state
            and placed.student_key = groups.student_key
            and placed.first_year = groups.first_year
            and placed.last_year = groups.last_year
    group by
        placed.extract,
        placed.metric_id,
        placed.level,
        placed.state,
        placed.school_id_state,
        placed.school_year,
        groups.student_group
)

select * from counted
where denominator > 0
