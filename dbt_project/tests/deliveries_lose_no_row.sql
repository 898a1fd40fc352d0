/*
**What is this test?** For every validated delivery: rows read = rows validated +
quarantined + duplicate, and the warehouse reads exactly the validated ones.
**When is this important to resolve?** At once: a row was lost or doubled.
**How to resolve?** Compare the delivery's files under raw/, validated/ and quarantine/.
*/
select *
from {{ ref('deliveries') }}
where
    status = 'validated'
    and rows_raw <> rows_validated + rows_quarantined + rows_duplicate
