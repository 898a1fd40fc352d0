with printed as (
    select * from {{ source('nh', 'i4see_enrollment') }}
),

-- Attendance is counted in half days. Grade 15 is post-graduate (i4see help desk).
renamed as (
    select
        'nh' as provider,
        'i4see_enrollment' as extract,
        'NH' as state,
        student_id_state as student_key,
        lea_id_state,
        school_id_state,
        _school_year as school_year,
        case grade
            when '15' then 'PG'
            when 'K' then 'KG'
            when 'P' then 'PK'
            else lpad(grade, 2, '0')
        end as grade,
        enrollment_status as admission_status,
        {{ parsed_day('entry_date', '%m/%d/%Y') }} as entry_date,
        entry_code,
        {{ parsed_day('exit_date', '%m/%d/%Y') }} as exit_date,
        exit_code,
        promoted_indicator,
        diploma_type as diploma_code,
        cast(0.5 * cast(half_days_attended as integer) as decimal(9, 3))
            as days_attended,
        cast(0.5 * cast(half_days_absent as integer) as decimal(9, 3)) as days_absent,
        race_code,
        sex,
        is_economically_disadvantaged = 'Y' as is_economically_disadvantaged,
        is_english_learner = 'Y' as is_english_learner,
        is_idea = 'Y' as is_idea,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
