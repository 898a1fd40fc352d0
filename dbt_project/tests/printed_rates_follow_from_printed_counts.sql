{{ config(severity='warn') }}
/*
**What is this test?** Where a publisher prints numerator, denominator and rate, the
rate is the quotient, rounded as printed.
**When is this important to resolve?** A single row is cut where others are rounded:
tell the publisher. What is off by more than a unit is set aside, see
int_outcomes_judged.
**How to resolve?** Look at source_file and source_row, and at the contract's headers.
*/
select *
from {{ ref('int_outcomes_reconciled') }}
where
    value_status = 'reported'
    and denominator > 0
    and abs(100.0 * numerator / denominator - value_pct) > 0.0501
