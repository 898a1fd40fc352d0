-- Schools that a file names and that no code, crosswalk or alias makes one with a known
-- school. They keep a key of their own; nobody guesses. Nor is a school without a count
-- by grade, or with a hidden one in grades 9 to 12, said to be no high school: that is
-- not known (is_high_school is null). Of two districts or names in the newest year the
-- later in the alphabet stands here.
with outcomes as (
    select * from {{ ref('int_outcomes_conformed') }}
    where level = 'school' and school_id_nces is null
),

enrollments as (
    select * from {{ ref('int_enrollments_conformed') }}
    where level = 'school' and school_id_nces is null
),

high_schools as (
    select * from {{ ref('int_high_schools') }}
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

graded as (
    select
        school_key,
        bool_or(
            grade in ('09', '10', '11', '12')
            and value_status in ('suppressed', 'not_reported')
        ) as has_hidden_grade
    from enrollments
    where grade not in ('all', 'KG-12')
    group by school_key
),

unmatched as (
    {%- for relation in ['outcomes', 'enrollments'] %}
    select
        provider,
        extract,
        state,
        school_key,
        school_id_state,
        lea_name,
        school_name,
        school_year
    from {{ relation }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

grouped as (
    select
        unmatched.provider,
        unmatched.extract,
        unmatched.state,
        unmatched.school_key,
        unmatched.school_id_state,
        max_by(
            unmatched.lea_name, row(unmatched.school_year, unmatched.lea_name)
        ) as lea_name,
        max_by(
            unmatched.school_name, row(unmatched.school_year, unmatched.school_name)
        ) as school_name,
        cast(min(unmatched.school_year) as integer) as first_year,
        cast(max(unmatched.school_year) as integer) as last_year,
        case
            when high_schools.school_key is not null then true
            when not graded.has_hidden_grade then false
        end as is_high_school
    from unmatched
    inner join states
        on unmatched.state = states.state
    left join high_schools
        on unmatched.school_key = high_schools.school_key
    left join graded
        on unmatched.school_key = graded.school_key
    group by
        unmatched.provider,
        unmatched.extract,
        unmatched.state,
        unmatched.school_key,
        unmatched.school_id_state,
        high_schools.school_key,
        graded.has_hidden_grade
)

select * from grouped
