/*
**What is this test?** A delivery whose raw rows are not its validated, quarantined and
duplicate rows; or one of an extract of which every row is an outcome, with validated rows
that reach no staging model.
**When is this important to resolve?** Before publishing: numbers were lost on the way.
**How to resolve?** Look at the staging model of the extract named, and at its filter.
*/
{%- set extracts_of_outcomes_alone = [
    'ct/graduation_4yr',
    'ct/graduation_5yr',
    'ct/graduation_6yr',
    'ct/college_entrance',
    'us/edfacts_acgr',
    'nessc/common_metrics_submission',
] %}

with deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_delivered') }}
),

read_rows as (
    select
        provider,
        extract,
        delivery,
        count(distinct source_row) as row_count,
    from outcomes
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
            deliveries.provider || '/' || deliveries.extract
            in ('{{ extracts_of_outcomes_alone | join("', '") }}')
            and deliveries.rows_validated <> coalesce(read_rows.row_count, 0)
        )
)

select * from wrong
