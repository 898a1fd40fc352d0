with printed as (
    select * from {{ source('nsc', 'student_tracker') }}
),

-- The sequence stands in the first row of each of a student's colleges alone. Which
-- state asked stands before the school's code: VT PS023, the consortium's convention.
runs as (
    select
        *,
        count(college_sequence) over (
            partition by _delivery, student_id_state, college_code
            order by _source_row asc nulls last
            rows between unbounded preceding and current row
        ) as run_number
    from printed
),

filled_down as (
    select
        *,
        max(college_sequence) over (
            partition by _delivery, student_id_state, college_code, run_number
        ) as filled_sequence
    from runs
),

renamed as (
    select
        'nsc' as provider,
        'student_tracker' as extract,
        left(requester_return_field, 2) as state,
        student_id_state as student_key,
        {{ parsed_day('search_date', '%Y%m%d') }} as search_date,
        record_found = 'Y' as is_found,
        college_code,
        case lower(college_level)
            when '2-year' then '2'
            when '4-year' then '4'
            when 'less than 2 years' then 'less_than_2'
        end as college_level,
        {{ parsed_day('enrollment_begin', '%Y%m%d') }} as enrollment_begin,
        {{ parsed_day('enrollment_end', '%Y%m%d') }} as enrollment_end,
        enrollment_status,
        case when record_found = 'Y' then coalesce(graduated, 'N') = 'Y' end
            as is_graduated,
        {{ parsed_day('graduation_date', '%Y%m%d') }} as graduation_date,
        cast(filled_sequence as integer) as college_sequence,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from filled_down
)

select * from renamed
