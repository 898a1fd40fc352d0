-- One row a school. Its name, district and state code are those of the newest year in
-- which a file printed one, of the provider nearest to the origin (provider_ranks), and
-- of two of them the later in the alphabet: a second build says the same. A school that
-- no file of numbers names has the name of the crosswalk.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and source_file is not null
),

enrollments as (
    select * from {{ ref('int_enrollments_current') }}
    where level = 'school'
),

provider_ranks as (
    select * from {{ ref('provider_ranks') }}
),

crosswalk as (
    select * from {{ ref('int_school_crosswalk') }}
),

states as (
    select * from {{ ref('states') }}
),

named as (
    {%- for relation in ['outcomes', 'enrollments'] %}
    select
        provider,
        school_key,
        school_id_nces,
        school_id_state,
        state,
        school_name,
        lea_id_nces,
        lea_name,
        school_year
    from {{ relation }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

printed as (
    select
        named.*,
        named.school_year * 10 - provider_ranks.rank as recency,
        named.school_year = max(named.school_year) over (
            partition by named.state, named.provider
        ) as is_newest
    from named
    left join provider_ranks
        on named.provider = provider_ranks.provider
),

grouped as (
    select
        school_key,
        max(school_id_nces) as school_id_nces,
        max(state) as state,
        max_by(school_name, row(recency, school_name)) as school_name,
        max_by(lea_id_nces, row(recency, lea_id_nces)) as lea_id_nces,
        max_by(lea_name, row(recency, lea_name)) as lea_name,
        max_by(school_id_state, row(recency, school_id_state)) as school_id_state,
        bool_or(is_newest) as is_active,
        cast(min(school_year) as integer) as first_year,
        cast(max(school_year) as integer) as last_year
    from printed
    group by school_key
),

crosswalk_names as (
    select
        school_id_nces,
        max_by(school_name, row(coalesce(last_year, 9999), school_name))
            as school_name,
        max_by(lea_name, row(coalesce(last_year, 9999), lea_name)) as lea_name
    from crosswalk
    group by school_id_nces
),

schools as (
    select
        grouped.school_key,
        grouped.school_id_nces,
        grouped.state,
        coalesce(grouped.school_name, crosswalk_names.school_name) as school_name,
        grouped.lea_id_nces,
        coalesce(grouped.lea_name, crosswalk_names.lea_name) as lea_name,
        grouped.school_id_state,
        grouped.is_active,
        grouped.first_year,
        grouped.last_year,
        coalesce(states.is_nessc, false) as is_consortium_state
    from grouped
    left join crosswalk_names
        on grouped.school_id_nces = crosswalk_names.school_id_nces
    left join states
        on grouped.state = states.state
)

select * from schools
