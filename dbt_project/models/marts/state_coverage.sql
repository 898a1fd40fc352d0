-- Expected against received for each of the five states: an extract that several states
-- send may have come from some of them alone. How many cells a restricted extract holds
-- of a state would tell the public how many schools, groups or students it names.
with due as (
    select
        * exclude (states),
        unnest(states) as state
    from {{ ref('stg_lake__school_years_due') }}
),

received as (
    select * from {{ ref('int_rows_by_state') }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

compared as (
    select
        coalesce(due.state, received.state) as state,
        coalesce(due.provider, received.provider) as provider,
        coalesce(due.extract, received.extract) as extract,
        coalesce(due.school_year, received.school_year) as school_year,
        due.provider is not null as is_due,
        coalesce(received.rows_count, 0) as rows_count,
        due.not_collected_reason
    from due
    full outer join received
        on
            due.provider = received.provider
            and due.extract = received.extract
            and due.state = received.state
            and due.school_year = received.school_year
),

judged as (
    select
        compared.state,
        compared.provider,
        compared.extract,
        cast(compared.school_year as integer) as school_year,
        case
            when
                compared.rows_count > 0
                and not compared.is_due
                and coalesce(coverage.coverage_status, '') <> 'received'
                then 'unexpected'
            when
                compared.rows_count > 0 and coverage.coverage_status = 'partly_received'
                then 'partly_received'
            when compared.rows_count > 0 then 'received'
            when compared.not_collected_reason is not null then 'not_collected'
            when coverage.coverage_status in ('refused', 'expected')
                then coverage.coverage_status
            else 'missing'
        end as coverage_status,
        compared.rows_count
    from compared
    left join coverage
        on
            compared.provider = coverage.provider
            and compared.extract = coverage.extract
            and compared.school_year = coverage.school_year
),

seen as (
    select
        audiences.audience,
        judged.* exclude (rows_count),
        case
            when audiences.audience = 'partner' or contracts.visibility = 'public'
                then judged.rows_count
        end as rows_count
    from judged
    cross join {{ audiences() }}
    left join contracts
        on
            judged.provider = contracts.provider
            and judged.extract = contracts.extract
)

select * from seen
