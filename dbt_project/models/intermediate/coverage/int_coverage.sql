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
        count(*) filter (where status = 'refused') as refused_count,
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
        coalesce(due.provider, received.provider) as provider,
        coalesce(due.extract, received.extract) as extract,
        coalesce(due.school_year, received.school_year) as school_year,
        coalesce(received.validated_count, 0) as validated_count,
        coalesce(received.refused_count, 0) as refused_count,
        due.files_due,
        due.not_collected_reason,
        due.provider is not null as is_due,
        bool_or(due.provider is not null) over (
            partition by
                coalesce(due.provider, received.provider),
                coalesce(due.extract, received.extract)
        ) as has_years_due,
    from due
    full outer join received
        on
            due.provider = received.provider
            and due.extract = received.extract
            and due.school_year = received.school_year
),

judged as (
    select
        compared.provider,
        compared.extract,
        compared.school_year,
        compared.validated_count,
        compared.refused_count,
        compared.files_due,
        days.due_on,
        case
            when
                compared.validated_count > 0
                and compared.validated_count < compared.files_due
                then 'partly_received'
            when
                compared.validated_count > 0
                and (compared.is_due or not compared.has_years_due)
                then 'received'
            when compared.validated_count > 0 then 'unexpected'
            when compared.not_collected_reason is not null then 'not_collected'
            when compared.refused_count > 0 then 'refused'
            when days.due_on >= newest.landed_on then 'expected'
            else 'missing'
        end as coverage_status,
        compared.not_collected_reason,
    from compared
    left join days
        on
            compared.provider = days.provider
            and compared.extract = days.extract
            and compared.school_year = days.school_year
    cross join newest
)

select * from judged
