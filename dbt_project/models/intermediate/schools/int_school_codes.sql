-- Files by student group name a school without its code. The code is taken from the
-- same provider's files that print both: of the same year where district and name give
-- one code in it (school_year), else of any year where they mean one school in all
-- (school_year is null). Two schools of one name stay unmatched (never a guess).
with states as (
    select * from {{ ref('states') }}
),

owners as (
    select * from {{ ref('int_school_code_owners') }}
),

printed as (
    {%- for relation in ['int_outcomes_delivered', 'int_enrollments_delivered'] %}
    select
        provider,
        state,
        lea_id_state,
        school_name,
        school_year,
        school_id_state
    from {{ ref(relation) }}
    where
        level = 'school'
        and school_id_state is not null
        and lea_id_state is not null
        and school_name is not null
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
),

owned as (
    select
        printed.*,
        coalesce(owners.school, printed.school_id_state) as school
    from printed
    left join states
        on printed.state in (states.state, states.state_fips)
    left join owners
        on
            states.state = owners.state
            and printed.school_id_state = owners.school_id_state
),

unambiguous as (
    select
        provider,
        lea_id_state,
        school_name,
        school_year,
        max(school_id_state) as school_id_state
    from owned
    where school_year is not null
    group by provider, lea_id_state, school_name, school_year
    having count(distinct school) = 1
    union all
    select
        provider,
        lea_id_state,
        school_name,
        cast(null as bigint) as school_year,
        max_by(school_id_state, row(school_year, school_id_state)) as school_id_state
    from owned
    group by provider, lea_id_state, school_name
    having count(distinct school) = 1
)

select * from unambiguous
