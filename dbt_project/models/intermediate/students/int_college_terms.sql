-- College terms and degrees of each student as of the newest search alone: an earlier
-- return knows less.
with {{ current_records('stg_nsc__student_tracker') }},

rules as (
    select * from {{ ref('int_state_rules') }}
),

-- A student who withdrew, is on leave or died (W, A, D) is no enrolment by default.
judged as (
    select
        current_records.*,
        coalesce(
            current_records.is_found
            and current_records.enrollment_begin is not null
            and (
                rules.withdrawn_counts_as_enrolled
                or coalesce(current_records.enrollment_status, '')
                not in ('W', 'A', 'D')
            ),
            false
        ) as is_enrolled,
        case current_records.college_level
            when 'less_than_2' then rules.less_than_two_years_level
            else current_records.college_level
        end as level
    from current_records
    inner join rules
        on current_records.state = rules.state
),

newest as (
    select *
    from judged
    qualify rank() over (
        partition by state, student_key
        order by
            search_date desc nulls last
    ) = 1
)

select * from newest
