-- Students of whom a row was set aside. Rates are of whole students: what is left of
-- such a student is in no numerator and no denominator, and the rates that the student
-- may be in are ranges (int_set_aside_counts).
with rows_set_aside as (
    select * from {{ ref('int_rows_set_aside') }}
    where student_key is not null
),

{{ current_records('stg_nsc__student_tracker') }},

-- A later search of the same student says all that the earlier one did.
searched_again as (
    select
        state,
        student_key,
        max(search_date) as search_date
    from current_records
    group by state, student_key
),

set_aside as (
    select distinct
        rows_set_aside.records,
        rows_set_aside.state,
        rows_set_aside.student_key
    from rows_set_aside
    anti join searched_again
        on
            rows_set_aside.state = searched_again.state
            and case
                when rows_set_aside.records = 'college' then rows_set_aside.student_key
            end = searched_again.student_key
            and rows_set_aside.search_date < searched_again.search_date
)

select * from set_aside
