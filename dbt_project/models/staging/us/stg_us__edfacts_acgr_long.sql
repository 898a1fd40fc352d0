-- The layout from 2019-20 on: one row a school and category. Homeless students and
-- those in foster care are no student group here, as in the wide file: their rows land,
-- and end here.
with printed as (
    select * from {{ source('us', 'edfacts_acgr_long') }}
    where category not in ('HOM', 'FCS')
),

renamed as (
    select
        'us' as provider,
        'edfacts_acgr_long' as extract,
        'school' as level,
        state_fips as state,
        lea_id_nces,
        cast(null as varchar) as lea_id_state,
        lea_name,
        school_id_nces,
        cast(null as varchar) as school_id_state,
        school_name,
        _school_year as school_year,
        'acgr_4yr' as metric_id,
        category as student_group_label,
        cast(null as varchar) as numerator_token,
        case when cohort = 'S' then 'PS' else cohort end as denominator_token,
        -- S is what PS was, and a code of no other publisher.
        case when rate = 'S' then 'PS' else rate end as value_token,
        'acgr_34cfr200_19' as definition_id,
        cast(try_strptime(as_of_date, '%d%b%y') as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
),

{{ typed_outcomes('renamed') }}

select * from typed
