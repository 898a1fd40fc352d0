-- The districts, and the state in the row "Grand Total". Students placed outside any
-- school count for their district: schools add up to less.
with printed as (
    select * from {{ source('ri', 'october_head_count_lea') }}
),

renamed as (
    select
        'ri' as provider,
        'october_head_count_lea' as extract,
        case when lea_name = 'Grand Total' then 'state' else 'lea' end as level,
        'RI' as state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        nullif(lea_name, 'Grand Total') as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        cast(null as varchar) as school_name,
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
