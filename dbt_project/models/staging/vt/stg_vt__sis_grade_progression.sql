with printed as (
    select * from {{ source('vt', 'sis_grade_progression') }}
),

-- Codeset GRADE: PD is a post-graduate. EE is special education before kindergarten
-- (FAQ PreK). Assumed: IT, infants and toddlers, stand with PK; AW, an adult without a
-- diploma, is ungraded.
renamed as (
    select
        'vt' as provider,
        'sis_grade_progression' as extract,
        'VT' as state,
        student_id_state as student_key,
        school_id_state,
        _school_year as school_year,
        case grade
            when 'PD' then 'PG'
            when 'EE' then 'PK'
            when 'IT' then 'PK'
            when 'AW' then 'UG'
            else grade
        end as grade,
        {{ parsed_day_or_null('grade_begin', '%m/%d/%Y') }} as grade_begin,
        {{ parsed_day_or_null('grade_end', '%m/%d/%Y') }} as grade_end,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
