-- One outcome of a school with its formula, its definition and the receipt of its file.
with outcomes as (
    select * from {{ as_seen_by('partner', 'school_outcomes') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

receipts as (
    select * from {{ as_seen_by('partner', 'deliveries') }}
),

explained as (
    select
        outcome.school_key,
        outcome.school_name,
        outcome.state,
        outcome.school_year,
        outcome.metric_id,
        metric.label,
        outcome.student_group,
        outcome.value_status,
        outcome.value_pct,
        outcome.value_low_pct,
        outcome.value_high_pct,
        outcome.numerator,
        outcome.denominator,
        case
            when outcome.value_status = 'suppressed'
                then
                    'hidden: few students, or a number of few would '
                    || 'follow from it'
            when outcome.value_status not in ('reported', 'range') then 'no number'
            when outcome.numerator is not null and outcome.denominator > 0
                then
                    '100 x ' || outcome.numerator || ' / ' || outcome.denominator
                    || ' = '
                    || round(100.0 * outcome.numerator / outcome.denominator, 4)
            when outcome.value_status = 'range' then 'printed as a range'
            else 'printed as a rate'
        end as formula,
        metric.numerator_definition,
        metric.denominator_definition,
        outcome.definition_id,
        metric.source as definition_source,
        metric.comparability_class,
        outcome.is_preferred,
        outcome.provider,
        outcome.extract,
        outcome.source_file,
        outcome.source_sheet,
        outcome.source_row,
        receipt.sha256,
        receipt.landed_at,
        outcome.data_as_of
    from outcomes as outcome
    left join metrics as metric
        on outcome.metric_id = metric.metric_id
    left join receipts as receipt
        on
            outcome.provider = receipt.provider
            and outcome.extract = receipt.extract
            and outcome.source_file = receipt.file
            and outcome.delivery = left(receipt.sha256, 8)
)

select * from explained
