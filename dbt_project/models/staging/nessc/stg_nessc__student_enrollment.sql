with printed as (
    select * from {{ source('nessc', 'student_enrollment') }}
),

renamed as (
    select
        'nessc' as provider,
        'student_enrollment' as extract,
        state,
        student_id_state as student_key,
        {{ person_key() }} as person_key,
        lea_id_state,
        school_id_state,
        _school_year as school_year,
        grade,
        cast(entry_date as date) as entry_date,
        entry_type as entry_code,
        cast(exit_date as date) as exit_date,
        exit_type as exit_code,
        diploma_type as diploma_code,
        responsible_school_id_state,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
