/*
**What is this test?** For every validated delivery: rows read = rows validated +
quarantined + duplicate; and of a current one the warehouse reads no row twice. (Rows
that it does not read are counted in records_set_aside.)
**When is this important to resolve?** At once: a row was lost or doubled.
**How to resolve?** Compare the delivery's files under landing/, validated/ and
quarantine/.
*/
with deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

read_rows as (
    select * from {{ ref('int_rows_read') }}
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
        or deliveries.rows_validated < coalesce(read_rows.rows_read, 0)
)

select * from wrong
