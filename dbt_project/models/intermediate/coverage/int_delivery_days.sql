-- When each school year of an extract came first, and by when it is due: decision 0070.
with due as (
    select * from {{ ref('stg_lake__school_years_due') }}
),

came as (
    select
        provider,
        extract,
        years.school_year,
        min(cast(least(landed_at, list_min(landed_before)) as date)) as came_on
    from {{ ref('stg_lake__deliveries') }}
    cross join unnest(school_years) as years (school_year)
    where status = 'validated'
    group by all
),

-- A year that came with or after a later one, or more than three years after its end,
-- was loaded from an archive: when its publisher was ready with it, that does not tell.
in_season as (
    select
        *,
        date_diff('day', make_date(school_year, 6, 30), came_on) as days_after
    from came
    qualify
        days_after <= 3 * 365
        and coalesce(came_on < min(came_on) over (
            partition by provider, extract
            order by school_year
            rows between 1 following and unbounded following
        ), true)
),

-- Where the contract says nothing: the median of at least three years. Of fewer, one
-- that was late would make the rule.
learned as (
    select
        provider,
        extract,
        max(school_year) as newest,
        cast(count(*) as integer) as years_learned,
        cast(round(median(days_after)) as integer) as days_after
    from in_season
    group by all
    having count(*) >= 3
),

-- A contract without years expects the one after the newest, once that can be learned.
expected as (
    select * from due
    union all by name
    select
        provider,
        extract,
        learned.newest + 1 as school_year
    from learned
    anti join due using (provider, extract)
),

-- Thirty days of grace, unless the contract says how many.
judged as (
    select
        provider,
        extract,
        school_year,
        came.came_on,
        coalesce(
            expected.due_on,
            make_date(expected.school_year, 6, 30) + learned.days_after
        ) as due_on,
        coalesce(expected.grace_days, 30) as grace_days,
        case
            when expected.due_on is not null then 'contract'
            when expected.school_year is null then 'not_due'
            when learned.days_after is not null then 'learned'
            else 'too_few'
        end as due_basis,
        case when expected.due_on is null then learned.years_learned end
            as years_learned
    from expected
    full outer join came using (provider, extract, school_year)
    left join learned using (provider, extract)
)

select * from judged
