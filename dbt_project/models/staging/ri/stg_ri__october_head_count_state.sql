-- The state by grade, then by student group. KG beside KF (full day) holds the children
-- of part of the day: both together are about as many as grade 1 (2012: 3,640 and 6,524
-- against 10,762). Likewise PF beside PK, for which the code list has no second name:
-- PK is both together, where both are printed. IMMIGRANT, HOMELESS, TITLE1, CHARTER and
-- GENDER-O have no student group in the code list: they stay in the validated file.
with printed as (
    select * from {{ source('ri', 'october_head_count_state') }}
),

prekindergarten as (
    select
        _school_year,
        _delivery,
        cast(sum(try_cast(student_count as bigint)) as varchar) as student_count
    from printed
    where category in ('GRADE-PK', 'GRADE-PF')
    group by _school_year, _delivery
    having count(*) = 2
),

categorised as (
    select
        printed.category,
        printed._school_year,
        printed._source_file,
        printed._source_row,
        printed._delivery,
        case
            when printed.category = 'GRADE-PK' then prekindergarten.student_count
            else printed.student_count
        end as count_token
    from printed
    left join prekindergarten
        on
            printed._school_year = prekindergarten._school_year
            and printed._delivery = prekindergarten._delivery
    where
        printed.category not in (
            'GRADE-PF', 'IMMIGRANT', 'HOMELESS', 'TITLE1', 'CHARTER', 'GENDER-O'
        )
),

renamed as (
    select
        'ri' as provider,
        'october_head_count_state' as extract,
        'state' as level,
        'RI' as state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        cast(null as varchar) as school_name,
        _school_year as school_year,
        case
            when category = 'GRADE-KG' then 'KP'
            when starts_with(category, 'GRADE-') then split_part(category, '-', 2)
            else 'all'
        end as grade,
        case when starts_with(category, 'GRADE-') then 'TOTAL' else category end
            as student_group_label,
        count_token,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from categorised
),

{{ typed_head_counts('renamed') }}

select * from typed
