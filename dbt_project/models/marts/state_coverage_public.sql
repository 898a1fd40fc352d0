-- The coverage of states as the public sees it: how many cells a restricted extract
-- holds of a state would tell how many schools, groups or students it names.
with coverage as (
    select * from {{ ref('state_coverage') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

shown as (
    select
        coverage.state,
        coverage.provider,
        coverage.extract,
        coverage.school_year,
        coverage.coverage_status,
        case when contracts.visibility = 'public' then coverage.rows_count end
            as rows_count
    from coverage
    left join contracts
        on
            coverage.provider = contracts.provider
            and coverage.extract = contracts.extract
)

select * from shown
