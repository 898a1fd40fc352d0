-- Students who are ready for college by the age of 18, one row a cell. Which metric a
-- row is says the seed: each benchmark is another one.
with printed as (
    select * from {{ source('nessc', 'college_readiness') }}
),

benchmarks as (
    select * from {{ ref('readiness_benchmarks') }}
),

-- What the school does not report is no number, whatever stands beside it.
renamed as (
    select
        'nessc' as provider,
        'college_readiness' as extract,
        'school' as level,
        printed.state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        printed.school_id_nces,
        printed.school_id_state,
        printed.school_name,
        printed._school_year as school_year,
        benchmarks.metric_id,
        printed.student_group as student_group_label,
        case when printed.value_status = 'reported' then printed.ready_count end
            as numerator_token,
        case when printed.value_status = 'reported' then printed.turned_18_count end
            as denominator_token,
        printed.value_status,
        benchmarks.definition_id,
        cast(printed.data_as_of as date) as data_as_of,
        printed._source_file as source_file,
        cast(null as varchar) as source_sheet,
        printed._source_row as source_row,
        printed._delivery as delivery,
    from printed
    left join benchmarks
        on printed.benchmark_id = benchmarks.benchmark_id
),

{{ counted_outcomes('renamed') }}

select * from typed
