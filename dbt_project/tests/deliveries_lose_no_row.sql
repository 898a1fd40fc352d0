/*
**What is this test?** For every validated delivery: rows read = rows validated +
quarantined + duplicate; and of a current one the warehouse reads just the validated.
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
        or (
            deliveries.rows_validated <> coalesce(read_rows.row_count, 0)
            -- Of these not each row is read: vermont_files_lose_no_cell compares them.
            and (deliveries.provider, deliveries.extract) not in (
                ('vt', 'enrollment_report'),
                ('vt', 'enrollment_report_csv'),
                ('vt', 'student_information'),
                ('vt', 'assessment')
            )
        )
)

select * from wrong
