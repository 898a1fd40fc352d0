-- Which school each current row of the League's extracts is of, by the rule that holds
-- for every extract; a site visit has two. A school that nothing else tells of keeps a
-- key of its own: a member without data is a member.
{%- set days = {
    'membership': 'first_day',
    'milestones': 'coalesce(actual_date, planned_date)',
    'needs_assessments': 'assessed_on',
    'self_assessments': 'assessed_on',
    'activities': 'activity_date',
} %}

with named as (
    {%- for extract, day in days.items() %}
    select
        'school' as role,
        extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        {{ school_year_of(day) }} as school_year,
        source_file,
        source_row,
        delivery
    from {{ ref('stg_league__' ~ extract) }}
    where fault is null
    union all
    {%- endfor %}
    select
        'visitor' as role,
        extract,
        visitor_state as state,
        visitor_school_id_nces as school_id_nces,
        visitor_school_id_state as school_id_state,
        visitor_school_name as school_name,
        {{ school_year_of('activity_date') }} as school_year,
        source_file,
        source_row,
        delivery
    from {{ ref('stg_league__activities') }}
    where visitor_school_name is not null and fault is null
    {%- for extract in ['levers', 'finances'] %}
    union all
    select
        'school' as role,
        extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        cast(school_year as integer) as school_year,
        source_file,
        source_row,
        delivery
    from {{ ref('stg_league__' ~ extract) }}
    where fault is null
    {%- endfor %}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider = 'league'
),

delivered as (
    select
        named.*,
        deliveries.landed_at,
        'league' as provider,
        'school' as level,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        cast(null as varchar) as student_group_label
    from named
    inner join deliveries
        on
            named.extract = deliveries.extract
            and named.delivery = deliveries.delivery
),

{{ conformed_schools('delivered') }},

schools as (
    select * from {{ ref('int_schools') }}
),

placed as (
    select
        keyed.role,
        keyed.extract,
        keyed.state,
        keyed.school_key,
        keyed.school_id_nces,
        coalesce(schools.school_name, keyed.school_name) as known_name,
        keyed.source_file,
        keyed.source_row,
        keyed.delivery,
        keyed.landed_at
    from keyed
    left join schools
        on keyed.school_key = schools.school_key
)

select * from placed
