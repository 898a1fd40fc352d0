-- The flags of the rows that stg_nessc__student_enrollment reads as spells.
with printed as (
    select * from {{ source('nessc', 'student_enrollment') }}
),

renamed as (
    select
        'nessc' as provider,
        'student_enrollment' as extract,
        state,
        student_id_state as student_key,
        _school_year as school_year,
        cast(entry_date as date) as entry_date,
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
