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
        outcomes.school_year = max(outcomes.school_year) over (
            partition by outcomes.state, outcomes.provider
        ) as is_newest,
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
        bool_or(is_newest) as is_active,
        cast(min(school_year) as integer) as first_year,
        cast(max(school_year) as integer) as last_year,
    from printed
    group by school_key
)

select * from schools
