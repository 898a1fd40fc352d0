-- Outcomes of deliveries that a newer one of the same file name replaced, under the
-- names and keys of today. Nothing of them is current; the current ones restate them.
with outcomes as (
    select * from {{ ref('int_outcomes_unioned') }}
),

lives as (
    select * from {{ ref('int_delivery_lives') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

replaced as (
    select
        provider,
        extract,
        delivery,
    from lives
    group by provider, extract, delivery
    having count(*) = count(superseded_at)
),

superseded as (
    select
        outcomes.*,
        contracts.visibility,
    from outcomes
    inner join replaced
        on
            outcomes.provider = replaced.provider
            and outcomes.extract = replaced.extract
            and outcomes.delivery = replaced.delivery
    left join contracts
        on
            outcomes.provider = contracts.provider
            and outcomes.extract = contracts.extract
),

{{ conformed_schools('superseded') }},

conformed as (
    select
        provider,
        extract,
        level,
        state,
        printed_id_nces,
        printed_id_state,
        school_id_nces,
        school_id_state,
        lea_id_nces,
        lea_id_state,
        lea_name,
        school_name,
        school_key,
        school_year,
        metric_id,
        student_group,
        numerator,
        denominator,
        value_pct,
        value_low_pct,
        value_high_pct,
        lowest_pct,
        highest_pct,
        value_status,
        definition_id,
        visibility,
        data_as_of,
        source_file,
        source_row,
        delivery,
    from keyed
)

select * from conformed
