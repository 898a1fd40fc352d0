with printed as (
    select * from {{ source('ri', 'student_attendance') }}
),

-- The file names districts and has no code of them.
renamed as (
    select
        'ri' as provider,
        'student_attendance' as extract,
        'RI' as state,
        student_id_state as student_key,
        cast(null as string) as lea_id_state,
        school_id_state,
        _school_year as school_year,
        cast(days_member as decimal(9, 3)) as days_member,
        cast(days_absent as decimal(9, 3)) as days_absent,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
