/*
**What is this test?** Of those extracts of students whose rows are read one by one, the
warehouse reads just the validated rows of every current delivery. (Others are joined
before: a Vermont spell is made of three files.)
**When is this important to resolve?** At once: a student was lost or doubled.
**How to resolve?** Compare the delivery's file under validated/ with the staging model.
*/
{{ rows_lost(
    [
        'nessc/student_enrollment', 'nessc/student_attendance', 'nessc/student_assessment',
        'nsc/student_tracker', 'ri/cohort_listing',
    ],
    [
        'int_student_enrollments', 'int_student_attendance', 'int_listed_cohorts',
        'stg_nessc__student_assessment', 'stg_nsc__student_tracker',
    ],
) }}
