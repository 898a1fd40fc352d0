-- "Enrolled ... within 16 months" of graduation, of the graduates with a regular
-- diploma: "this rate is not based on the 9th grade cohort" (notes of the printed
-- table). The table prints no counts, and ++ where fewer than 11 graduated.
with printed as (
    select * from {{ source('vt', 'postsecondary') }}
),

renamed as (
    select
        'vt' as provider,
        'postsecondary' as extract,
        case when upper(school_name) = 'STATEWIDE' then 'state' else 'school' end
            as level,
        'VT' as state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        case when upper(school_name) != 'STATEWIDE' then school_name end as school_name,
        _school_year as school_year,
        'pse_16m_graduates' as metric_id,
        'All Students' as student_group_label,
        cast(null as varchar) as numerator_token,
        cast(null as varchar) as denominator_token,
        {{ percent_token('value_token') }} as value_token,
        'vt_aoe_16_months' as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
),

{{ typed_outcomes('renamed') }}

select * from typed
