-- One row a school, its name and district of the newest year in which it was printed.
-- Of two names that a provider prints in one year the later in the alphabet, so that a
-- second build says the same.
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
        school_year,
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
        ) as is_newest,
    from named
    left join provider_ranks
        on named.provider = provider_ranks.provider
),

schools as (
    select
        school_key,
        max(school_id_nces) as school_id_nces,
        max(state) as state,
        max_by(school_name, row(recency, school_name)) as school_name,
        max_by(lea_id_nces, row(recency, lea_id_nces)) as lea_id_nces,
        max_by(lea_name, row(recency, lea_name)) as lea_name,
        max(school_id_state) as school_id_state,
        bool_or(is_newest) as is_active,
        cast(min(school_year) as integer) as first_year,
        cast(max(school_year) as integer) as last_year,
    from printed
    group by school_key
)

select * from schools
