-- Of which school and class a measure may be computed: those that a return of the
-- National Student Clearinghouse holds, whose window was over when it was searched. A
-- student of whom nothing was found has a bare row, so that a class without any row was
-- never asked about.
with graduates as (
    select * from {{ ref('int_graduates') }}
),

terms as (
    select * from {{ ref('int_college_terms') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

searches as (
    select
        state,
        student_key,
        max(search_date) as search_date,
        max(origin) as origin
    from terms
    group by state, student_key
),

classes as (
    select
        graduates.state,
        graduates.school_id_state,
        graduates.class_year,
        max(searches.search_date) as searched_on,
        max(searches.origin) as origin,
        max(graduates.graduation_date) as last_graduation_date,
        max(rules.completion_years) as completion_years
    from graduates
    inner join rules
        on graduates.state = rules.state
    left join searches
        on
            graduates.state = searches.state
            and graduates.student_key = searches.student_key
    group by graduates.state, graduates.school_id_state, graduates.class_year
),

windows as (
    {%- for measure, closes_on in [
        ('first_fall', 'make_date(class_year, 10, 31)'),
        ('12m', 'make_date(class_year + 1, 8, 14)'),
        ('16m', 'last_graduation_date + interval 16 month'),
        ('2yr_12m', 'make_date(class_year + 1, 8, 14)'),
        ('4yr_12m', 'make_date(class_year + 1, 8, 14)'),
        ('persistence', 'make_date(class_year + 2, 8, 14)'),
        ('completion', 'last_graduation_date + completion_years * interval 1 year'),
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        state,
        school_id_state,
        class_year,
        origin,
        '{{ measure }}' as measure,
        coalesce(searched_on >= {{ closes_on }}, false) as is_closed
    from classes
    {%- endfor %}
),

-- A state's own rate needs the returns of all its schools.
judged as (
    select
        *,
        coalesce(
            bool_and(case when school_id_state is not null then is_closed end) over (
                partition by state, class_year, measure
            ),
            false
        ) as is_closed_statewide,
        max(origin) over (partition by state, class_year, measure) as state_origin
    from windows
)

select * from judged
