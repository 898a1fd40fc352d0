-- Growth of students against a vendor's norm, one row a cell. Which metric a row is
-- says the seed: each norm and threshold is another one.
with printed as (
    select * from {{ source('nessc', 'growth') }}
),

norms as (
    select * from {{ ref('growth_norms') }}
),

-- What the school does not report is no number, whatever stands beside it.
renamed as (
    select
        'nessc' as provider,
        'growth' as extract,
        'school' as level,
        printed.state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        printed.school_id_nces,
        printed.school_id_state,
        printed.school_name,
        printed._school_year as school_year,
        norms.metric_id,
        printed.student_group as student_group_label,
        case when printed.value_status = 'reported' then printed.grew_count end
            as numerator_token,
        case when printed.value_status = 'reported' then printed.tested_twice_count end
            as denominator_token,
        printed.value_status,
        norms.definition_id,
        cast(printed.data_as_of as date) as data_as_of,
        printed._source_file as source_file,
        cast(null as varchar) as source_sheet,
        printed._source_row as source_row,
        printed._delivery as delivery,
    from printed
    left join norms
        on
            printed.subject = norms.subject
            and printed.vendor = norms.vendor
            and printed.norm_edition = norms.norm_edition
            and cast(printed.threshold_years as decimal(4, 2)) = norms.threshold_years
),

{{ counted_outcomes('renamed') }}

select * from typed
