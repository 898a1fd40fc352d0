-- "The number of students who graduated in four years with a regular high school
-- diploma or an adult high school diploma and the graduation rate by school and
-- district" (NHED on the report): the federal rate counts no adult diploma, so this is
-- another metric. The dropout rate is that "defined by the New England Secondary School
-- Consortium"; who passed the equivalency test or entered college did not drop out.
with printed as (
    select * from {{ source('nh', 'cohort_counts') }}
),

unpivoted as (
    select
        *,
        'grad_4yr_nh_adult' as metric_id,
        'nh_cohort_regular_or_adult' as definition_id,
        graduated_count as numerator_token,
        graduation_pct as printed_pct
    from printed
    union all
    select
        *,
        'dropout_cohort' as metric_id,
        'nessc_cohort_dropout' as definition_id,
        dropped_out_count as numerator_token,
        dropout_pct as printed_pct
    from printed
),

renamed as (
    select
        'nh' as provider,
        'cohort_counts' as extract,
        case
            when school_name = 'State Total' then 'state'
            when school_name is null then 'lea'
            else 'school'
        end as level,
        'NH' as state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        district_name as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        nullif(school_name, 'State Total') as school_name,
        _school_year as school_year,
        metric_id,
        'All Students' as student_group_label,
        numerator_token,
        cohort_count as denominator_token,
        {{ nh_percent('printed_pct') }} as value_token,
        definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_sheet as source_sheet,
        _source_row as source_row,
        _delivery as delivery
    from unpivoted
),

{{ typed_outcomes('renamed') }}

select * from typed
