-- "Postsecondary intentions of high school completers are reported each fall by
-- guidance counselors" (NHED on the report): what completers mean to do. The shares of
-- those who work or whose status is unknown are not among the common metrics.
with printed as (
    select * from {{ source('nh', 'completers') }}
),

unpivoted as (
    select
        *,
        'intends_college_4yr_nh' as metric_id,
        college_4yr_pct as printed_pct
    from printed
    union all
    select
        *,
        'intends_college_less_than_4yr_nh' as metric_id,
        college_less_than_4yr_pct as printed_pct
    from printed
),

-- The file prints shares and no counts of them: a numerator would be invented.
renamed as (
    select
        'nh' as provider,
        'completers' as extract,
        case when school_name = 'State Total' then 'state' else 'school' end as level,
        'NH' as state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        district_name as lea_name,
        cast(null as varchar) as school_id_nces,
        school_id_state,
        nullif(school_name, 'State Total') as school_name,
        _school_year as school_year,
        metric_id,
        'All Students' as student_group_label,
        cast(null as varchar) as numerator_token,
        completers_count as denominator_token,
        {{ nh_percent('printed_pct') }} as value_token,
        'nh_completer_intentions' as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_sheet as source_sheet,
        _source_row as source_row,
        _delivery as delivery
    from unpivoted
),

{{ typed_outcomes('renamed') }}

select * from typed
