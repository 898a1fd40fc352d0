-- Schools that a file names and that no code, crosswalk or alias makes one with a known
-- school. They keep a key of their own; nobody guesses.
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
        school_year,
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
        max_by(unmatched.lea_name, unmatched.school_year) as lea_name,
        max_by(unmatched.school_name, unmatched.school_year) as school_name,
        cast(min(unmatched.school_year) as integer) as first_year,
        cast(max(unmatched.school_year) as integer) as last_year,
        high_schools.school_key is not null as is_high_school,
    from unmatched
    inner join states
        on unmatched.state = states.state
    left join high_schools
        on unmatched.school_key = high_schools.school_key
    group by
        unmatched.provider,
        unmatched.extract,
        unmatched.state,
        unmatched.school_key,
        unmatched.school_id_state,
        high_schools.school_key
)

select * from grouped
