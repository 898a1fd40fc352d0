-- Expected against received: each school year that a contract says is due, and each
-- that came without being due. A contract that names no year, as those of schools' own
-- files, expects whatever comes.
with due as (
    select * from {{ ref('stg_lake__school_years_due') }}
),

-- A file may hold several school years; each counts.
deliveries as (
    select
        * exclude (school_year),
        unnest(school_years) as school_year
    from {{ ref('stg_lake__deliveries') }}
    where provider <> 'none'
),

received as (
    select
        provider,
        extract,
        school_year,
        count(*) filter (where status = 'validated') as validated_count,
        count(*) filter (where status = 'refused') as refused_count
    from deliveries
    group by provider, extract, school_year
),

days as (
    select * from {{ ref('int_delivery_days') }}
),

-- Not today's: the same deliveries give the same build on every day.
newest as (
    select cast(max(landed_at) as date) as landed_on
    from {{ ref('stg_lake__deliveries') }}
    where provider <> 'none'
),

compared as (
    select
        provider,
        extract,
        school_year,
        coalesce(received.validated_count, 0) as validated_count,
        coalesce(received.refused_count, 0) as refused_count,
        due.files_due,
        days.due_on,
        days.due_on >= newest.landed_on as is_to_come,
        due.not_collected_reason,
        due.provider is not null as is_due,
        bool_or(due.provider is not null) over (
            partition by provider, extract
        ) as has_years_due
    from due
    full outer join received using (provider, extract, school_year)
    left join days using (provider, extract, school_year)
    cross join newest
),

judged as (
    select
        provider,
        extract,
        school_year,
        validated_count,
        refused_count,
        files_due,
        due_on,
        case
            when validated_count > 0 and validated_count < files_due
                then 'partly_received'
            when validated_count > 0 and (is_due or not has_years_due) then 'received'
            when validated_count > 0 then 'unexpected'
            when not_collected_reason is not null then 'not_collected'
            when refused_count > 0 then 'refused'
            when is_to_come then 'expected'
            else 'missing'
        end as coverage_status,
        not_collected_reason
    from compared
)

select * from judged
