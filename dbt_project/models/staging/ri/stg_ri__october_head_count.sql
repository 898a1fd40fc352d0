-- Rhode Island names a school and nothing else: which one it is, the crosswalk's names
-- say later on, or the school stays unmatched. The column 2012 is the fall of 2011.
with printed as (
    select * from {{ source('ri', 'october_head_count') }}
),

renamed as (
    select
        'ri' as provider,
        'october_head_count' as extract,
        'school' as level,
        'RI' as state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        school_name,
        _school_year as school_year,
        'all' as grade,
        'TOTAL' as student_group_label,
        student_count as count_token,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
),

{{ typed_head_counts('renamed') }}

select * from typed
