-- sqlfluff:max_parse_depth:0
-- Some publishers name a school and nothing else. A name means a school where the state
-- has one only of that name: in the crosswalk, in a file of the state that prints name
-- and code, in the federal file, or as an alias with its evidence (a seed). A printed
-- name that no school bears means the one that is written alike (alike_name), unless a
-- file of one year prints two such names. Two schools of one name stay unmatched (never
-- a guess).
with states as (
    select * from {{ ref('states') }}
),

owners as (
    select * from {{ ref('int_school_code_owners') }}
),

crosswalk as (
    select * from {{ ref('int_school_crosswalk') }}
),

id_changes as (
    select * from {{ ref('school_id_changes') }}
),

aliases as (
    select * from {{ ref('school_name_aliases') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_delivered') }}
    where level = 'school' and school_name is not null
),

enrollments as (
    select * from {{ ref('int_enrollments_delivered') }}
    where level = 'school' and school_name is not null
),

printed as (
    {%- for relation in ['outcomes', 'enrollments'] %}
    select distinct
        provider,
        extract,
        state,
        lea_id_state,
        school_name,
        school_id_state,
        school_id_nces,
        school_year
    from {{ relation }}
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
),

-- Ids that the crosswalk or the seed of changed ids has stand there with their school.
known as (
    select
        state,
        school_name,
        school_id_state,
        cast(null as varchar) as school_id_nces
    from crosswalk
    union
    select
        state,
        printed_name,
        school_id_state,
        school_id_nces
    from aliases
    union
    select
        state,
        school_name,
        school_id_state,
        cast(null as varchar) as school_id_nces
    from printed
    where school_id_state is not null
    union
    select
        state,
        school_name,
        cast(null as varchar) as school_id_state,
        school_id_nces
    from printed
    where
        school_id_state is null
        and school_id_nces is not null
        and school_id_nces not in (select crosswalk.school_id_nces from crosswalk)
        and school_id_nces not in (select id_changes.printed_id from id_changes)
        and school_id_nces
        not in (select coalesce(id_changes.school_id_nces, '') from id_changes)
),

owned as (
    select
        states.state,
        {{ plain_name('known.school_name') }} as plain_name,
        {{ alike_name('known.school_name') }} as alike_name,
        known.school_id_state,
        known.school_id_nces,
        coalesce(owners.school, known.school_id_nces, known.school_id_state) as school
    from known
    inner join states
        on known.state in (states.state, states.state_fips)
    left join owners
        on
            states.state = owners.state
            and known.school_id_state = owners.school_id_state
),

{%- for name in ['plain_name', 'alike_name'] %}

by_{{ name }} as (
    select
        state,
        {{ name }},
        max(school_id_state) as school_id_state,
        max(school_id_nces) filter (where school_id_state is null) as school_id_nces,
        count(distinct school) = 1 as is_one_school
    from owned
    group by state, {{ name }}
),
{%- endfor %}

named_only as (
    select distinct
        printed.provider,
        printed.extract,
        printed.school_year,
        states.state,
        {{ plain_name('printed.school_name') }} as plain_name,
        {{ alike_name('printed.school_name') }} as alike_name
    from printed
    inner join states
        on printed.state in (states.state, states.state_fips)
    where
        printed.school_id_state is null
        and printed.school_id_nces is null
        and printed.lea_id_state is null
),

twins as (
    select
        state,
        alike_name
    from named_only
    group by provider, extract, school_year, state, alike_name
    having count(distinct plain_name) > 1
),

written_alike as (
    select distinct
        named_only.state,
        named_only.plain_name,
        by_alike_name.school_id_state,
        by_alike_name.school_id_nces
    from named_only
    inner join by_alike_name
        on
            named_only.state = by_alike_name.state
            and named_only.alike_name = by_alike_name.alike_name
            and by_alike_name.is_one_school
    anti join twins
        on
            named_only.state = twins.state
            and named_only.alike_name = twins.alike_name
    anti join by_plain_name
        on
            named_only.state = by_plain_name.state
            and named_only.plain_name = by_plain_name.plain_name
),

matched as (
    select
        state,
        plain_name,
        school_id_state,
        case when school_id_state is null then school_id_nces end as school_id_nces
    from by_plain_name
    where is_one_school
    union all
    select
        state,
        plain_name,
        school_id_state,
        case when school_id_state is null then school_id_nces end as school_id_nces
    from written_alike
)

select * from matched
