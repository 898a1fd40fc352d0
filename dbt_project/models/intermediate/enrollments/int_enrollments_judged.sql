-- Every printed head count with the reason why it must not be published, or none, as
-- int_outcomes_judged. A table: six models read it.
with enrollments as (
    select * from {{ ref('int_enrollments_unioned') }}
),

states as (
    {{ spelled_states() }}
),

labels as (
    select * from {{ ref('student_group_labels') }}
),

grades as (
    select * from {{ ref('grades') }}
),

joined as (
    select
        enrollments.*,
        states.state as known_state,
        labels.student_group,
        grades.grade as known_grade
    from enrollments
    left join states
        on enrollments.state = states.printed_state
    left join labels
        on
            enrollments.provider = labels.provider
            and enrollments.student_group_label = labels.student_group_label
    left join grades
        on enrollments.grade = grades.grade
),

judged as (
    select
        * exclude (known_state, student_group, known_grade),
        {{ first_reason({
            'The state is not in the seed states': 'known_state is null',
            'The student group is not in the seed student_group_labels':
                'student_group is null',
            'The grade is not in the seed grades': 'known_grade is null',
            'The row names no school year': 'school_year is null',
            'The row names no school':
                "level = 'school' and coalesce(school_id_nces, school_id_state, school_name) is null",
            'The row names no district':
                "level = 'lea' and coalesce(lea_id_state, lea_name) is null",
            'The printed count is no number and no known marker': 'value_status is null',
            'A count is below 0 or has more than nine digits':
                'not coalesce(student_count between 0 and 999999999, true)',
        }) }} as fault
    from joined
)

select * from judged
