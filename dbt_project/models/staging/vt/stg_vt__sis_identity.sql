with printed as (
    select * from {{ source('vt', 'sis_identity') }}
),

renamed as (
    select
        'vt' as provider,
        'sis_identity' as extract,
        'VT' as state,
        student_id_state as student_key,
        {{ person_key() }} as person_key,
        lea_id_state,
        school_id_state,
        _school_year as school_year,
        gender,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
