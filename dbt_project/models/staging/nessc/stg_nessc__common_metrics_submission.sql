-- A state's own counts, one row a cell. A row without a school is the state's own,
-- never the sum of its schools.
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
        try_cast(data_as_of as date) as data_as_of,
        _source_file as source_file,
        cast(null as varchar) as source_sheet,
        _source_row as source_row,
        _delivery as delivery
    from printed
),

{{ counted_outcomes('renamed') }}

select * from typed
