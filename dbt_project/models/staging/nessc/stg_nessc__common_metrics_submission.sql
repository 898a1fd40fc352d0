-- A state's own counts, one row a cell. The template asks for no rate: it is the
-- quotient of the counts, exact, so that it needs no bounds. A row without a school is
-- the state's own, never the sum of its schools.
with printed as (
    select * from {{ source('nessc', 'common_metrics_submission') }}
),

-- What the state does not report is no number, whatever stands beside it.
renamed as (
    select
        'nessc' as provider,
        'common_metrics_submission' as extract,
        case when school_name is null then 'state' else 'school' end as level,
        state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        lea_name,
        school_id_nces,
        school_id_state,
        school_name,
        _school_year as school_year,
        metric_id,
        student_group as student_group_label,
        case when value_status = 'reported' then numerator end as numerator_token,
        case when value_status = 'reported' then denominator end as denominator_token,
        value_status,
        definition_id,
        cast(data_as_of as date) as data_as_of,
        _source_file as source_file,
        cast(null as varchar) as source_sheet,
        _source_row as source_row,
        _delivery as delivery,
    from printed
),

counted as (
    select
        *,
        {{ printed_count('numerator_token') }} as numerator,
        {{ printed_count('denominator_token') }} as denominator,
    from renamed
),

divided as (
    select
        *,
        {{ pct_of_counts('numerator', 'denominator') }} as value_pct,
        cast(null as decimal(18, 12)) as value_low_pct,
        cast(null as decimal(18, 12)) as value_high_pct,
    from counted
),

bounded as (
    select
        *,
        value_pct as lowest_pct,
        value_pct as highest_pct,
    from divided
),

typed as (
    select {{ outcome_columns() }}
    from bounded
)

select * from typed
