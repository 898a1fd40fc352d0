-- Kindergarten to grade 12 without preschool, adults and postgraduates: not "all"
-- grades. The rows of unions, districts and career centres count students of their own,
-- of whom they have none: their students stand at the schools.
with printed as (
    select * from {{ source('vt', 'head_count') }}
),

renamed as (
    select
        'vt' as provider,
        'head_count' as extract,
        'school' as level,
        'VT' as state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        lea_name,
        cast(null as varchar) as school_id_nces,
        school_id_state,
        school_name,
        _school_year as school_year,
        'KG-12' as grade,
        'All Students' as student_group_label,
        student_count as count_token,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
),

{{ typed_head_counts('renamed') }}

select * from typed
