-- One row a school, its name and district of the newest year in which it was printed.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school'
),

provider_ranks as (
    select * from {{ ref('provider_ranks') }}
),

printed as (
    select
        outcomes.*,
        outcomes.school_year * 10 - provider_ranks.rank as recency,
    from outcomes
    left join provider_ranks
        on outcomes.provider = provider_ranks.provider
    where outcomes.source_file is not null
),

schools as (
    select
        school_key,
        max(school_id_nces) as school_id_nces,
        max(state) as state,
        max_by(school_name, recency) as school_name,
        max(lea_id_nces) as lea_id_nces,
        max_by(lea_name, recency) as lea_name,
        max(school_id_state) as school_id_state,
        cast(min(school_year) as integer) as first_year,
        cast(max(school_year) as integer) as last_year,
    from printed
    group by school_key
),

newest as (
    select
        state,
        max(last_year) as newest_year,
    from schools
    group by state
),

dated as (
    select
        schools.school_key,
        schools.school_id_nces,
        schools.state,
        schools.school_name,
        schools.lea_id_nces,
        schools.lea_name,
        schools.school_id_state,
        schools.last_year = newest.newest_year as is_active,
        schools.first_year,
        schools.last_year,
    from schools
    inner join newest
        on schools.state = newest.state
)

select * from dated
