/*
**What is this test?** For every validated delivery: rows read = rows validated +
quarantined + duplicate; and of a current one the warehouse reads just the validated.
Extracts that say more than the warehouse keeps (levels below proficient, other grades,
groups outside the code list; their staging models say which rows) read no more than it.
**When is this important to resolve?** At once: a row was lost or doubled.
**How to resolve?** Compare the delivery's files under raw/, validated/ and quarantine/.
*/
with deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where extract <> 'school_crosswalk'
),

cells as (
    select
        provider,
        extract,
        delivery,
        source_row,
        school_year,
    from {{ ref('int_outcomes_delivered') }}
    union all
    select
        provider,
        extract,
        delivery,
        source_row,
        school_year,
    from {{ ref('int_enrollments_delivered') }}
),

read_rows as (
    select
        provider,
        extract,
        delivery,
        -- A row whose columns are school years is a row for each year.
        count(distinct (source_row, school_year)) as row_count,
    from cells
    group by provider, extract, delivery
),

-- Rows left out on purpose, by a rule in the staging model.
partly_read as (
    select
        listed.provider,
        listed.extract,
    from (
        values
        ('ri', 'october_head_count_state'),
        ('ri', 'assessment'),
        ('me', 'assessment')
    ) as listed (provider, extract)
),

wrong as (
    select deliveries.*
    from deliveries
    left join read_rows
        on
            deliveries.provider = read_rows.provider
            and deliveries.extract = read_rows.extract
            and deliveries.delivery = read_rows.delivery
    where
        deliveries.rows_raw
        <> deliveries.rows_validated
        + deliveries.rows_quarantined
        + deliveries.rows_duplicate
        or deliveries.rows_validated < coalesce(read_rows.row_count, 0)
        or (
            deliveries.rows_validated > coalesce(read_rows.row_count, 0)
            and (deliveries.provider, deliveries.extract) not in (
                select (partly_read.provider, partly_read.extract) from partly_read
            )
        )
)

select * from wrong
