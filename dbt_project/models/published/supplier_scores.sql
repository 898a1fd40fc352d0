-- How well each supplier delivers, by the quarter in which its files came first. From
-- what the public may know: that a file came and whether it was accepted, the days of
-- the calendar, and the rows of public files.
with judgements as (
    select * from {{ ref('int_judgements') }}
),

deliveries as (
    select * from {{ as_seen_by('partner', 'deliveries') }}
    where status in ('validated', 'refused')
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
    where visibility = 'public'
),

-- Days that a contract states: one that was learned is the median of the very years
-- that it would judge. A year that came more than three years after its end was loaded
-- from an archive, and tells nothing of who sends it (decision 0070).
calendar as (
    select * from {{ ref('delivery_calendar') }}
    where
        due_basis = 'contract'
        and came_on <= make_date(school_year, 6, 30) + 3 * 365
),

-- Of each file the verdict that it got when it came first, and by when it was accepted.
first_come as (
    select
        provider,
        extract,
        file,
        cast(date_trunc('quarter', min(judged_at)) as date) as quarter_from,
        arg_min(status, judged_at) = 'validated' as is_accepted_at_first,
        date_diff(
            'day',
            min(judged_at),
            min(judged_at) filter (status = 'validated')
        ) as days_to_accept
    from judgements
    group by provider, extract, file
),

files as (
    select
        provider,
        quarter_from,
        count(*) as files_count,
        count(*) filter (is_accepted_at_first) as accepted_at_first_count,
        count(*) filter (days_to_accept is null) as never_accepted_count,
        median(days_to_accept) filter (not is_accepted_at_first) as days_to_accept
    from first_come
    group by provider, quarter_from
),

public_rows as (
    select
        deliveries.provider,
        cast(date_trunc('quarter', deliveries.landed_at) as date) as quarter_from,
        sum(deliveries.rows_raw) as rows_count,
        sum(deliveries.rows_validated + deliveries.rows_duplicate) as used_count
    from deliveries
    inner join contracts
        on
            deliveries.provider = contracts.provider
            and deliveries.extract = contracts.extract
    where deliveries.status = 'validated'
    group by all
),

years as (
    select
        provider,
        cast(date_trunc('quarter', came_on) as date) as quarter_from,
        count(*) as years_count,
        count(*) filter (came_on <= due_on) as years_in_time_count
    from calendar
    group by all
),

scored as (
    select
        provider,
        quarter_from,
        cast(coalesce(files.files_count, 0) as integer) as files_count,
        cast(round(
            {{ pct_of_counts('files.accepted_at_first_count', 'files.files_count') }}, 1
        ) as double)
            as accepted_at_first_pct,
        cast(coalesce(files.never_accepted_count, 0) as integer)
            as never_accepted_count,
        cast(files.days_to_accept as double) as days_to_accept,
        cast(round(
            {{ pct_of_counts('public_rows.used_count', 'public_rows.rows_count') }}, 1
        ) as double)
            as rows_used_pct,
        cast(coalesce(years.years_count, 0) as integer) as years_count,
        cast(round(
            {{ pct_of_counts('years.years_in_time_count', 'years.years_count') }}, 1
        ) as double)
            as years_in_time_pct
    from files
    full outer join public_rows using (provider, quarter_from)
    full outer join years using (provider, quarter_from)
)

select * from scored
