with printed as (
    select * from {{ source('ri', 'enrollment_census') }}
),

-- PF is pre-kindergarten of a full day.
renamed as (
    select
        'ri' as provider,
        'enrollment_census' as extract,
        'RI' as state,
        student_id_state as student_key,
        {{ person_key() }} as person_key,
        lea_id_state,
        school_id_state,
        _school_year as school_year,
        case grade when 'PF' then 'PK' else grade end as grade,
        {{ parsed_day('entry_date', '%m/%d/%Y') }} as entry_date,
        {{ parsed_day('exit_date', '%m/%d/%Y') }} as exit_date,
        exit_type as exit_code,
        cast(days_member as decimal(9, 3)) as days_member,
        cast(days_attended as decimal(9, 3)) as days_attended,
        sex,
        is_hispanic = 'Y' as is_hispanic,
        is_american_indian = 'Y' as is_american_indian,
        is_asian = 'Y' as is_asian,
        is_black = 'Y' as is_black,
        is_pacific_islander = 'Y' as is_pacific_islander,
        is_white = 'Y' as is_white,
        is_economically_disadvantaged = 'Y' as is_economically_disadvantaged,
        is_english_learner = 'Y' as is_english_learner,
        is_idea = 'Y' as is_idea,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
