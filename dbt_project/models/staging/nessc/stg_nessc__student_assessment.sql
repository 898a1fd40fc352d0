with printed as (
    select * from {{ source('nessc', 'student_assessment') }}
),

renamed as (
    select
        'nessc' as provider,
        'student_assessment' as extract,
        state,
        student_id_state as student_key,
        school_id_state,
        _school_year as school_year,
        grade,
        subject,
        is_tested = 'Y' as is_tested,
        is_proficient = 'Y' as is_proficient,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
