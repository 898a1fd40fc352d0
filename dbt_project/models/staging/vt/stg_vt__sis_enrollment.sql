with printed as (
    select * from {{ source('vt', 'sis_enrollment') }}
),

renamed as (
    select
        'vt' as provider,
        'sis_enrollment' as extract,
        'VT' as state,
        student_id_state as student_key,
        lea_id_state,
        school_id_state,
        _school_year as school_year,
        admission_status,
        {{ parsed_day_or_null('entry_date', '%m/%d/%Y') }} as entry_date,
        entry_code,
        {{ parsed_day_or_null('exit_date', '%m/%d/%Y') }} as exit_date,
        exit_code,
        ethnicity = '1' as is_hispanic,
        race_american_indian = 'Y' as is_american_indian,
        race_asian = 'Y' as is_asian,
        race_black = 'Y' as is_black,
        race_pacific_islander = 'Y' as is_pacific_islander,
        race_white = 'Y' as is_white,
        lunch_eligibility,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
