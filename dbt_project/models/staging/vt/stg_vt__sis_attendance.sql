with printed as (
    select * from {{ source('vt', 'sis_attendance') }}
),

renamed as (
    select
        'vt' as provider,
        'sis_attendance' as extract,
        'VT' as state,
        student_id_state as student_key,
        lea_id_state,
        school_id_state,
        _school_year as school_year,
        {{ parsed_day_or_null('attendance_date', '%m/%d/%Y') }} as attendance_date,
        daily_status,
        attendance_event_type,
        absence_category,
        cast(day_value as decimal(9, 3)) as day_value,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
