{{ config(warn_if='>0', error_if='>20') }}
/*
**What is this test?** Where a publisher prints numerator, denominator and rate, the
rate is the quotient, rounded as printed.
**When is this important to resolve?** A single row is a misprint: tell the publisher.
More than 20 stop the build: columns may be swapped.
**How to resolve?** Look at source_file and source_row, and at the contract's headers.
*/
select *
from {{ ref('int_outcomes_reconciled') }}
where
    value_status = 'reported'
    and denominator > 0
    and abs(100.0 * numerator / denominator - value_pct) > 0.0501
