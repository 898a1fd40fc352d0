-- One row a provider, extract and cell. Where two current files print the same cell,
-- the one that says more counts, then the newer one. Of schools, those alone that teach
-- a grade from 9 to 12 or graduate students.
with enrollments as (
    select * from {{ ref('int_enrollments_conformed') }}
),

high_schools as (
    select * from {{ ref('int_high_schools') }}
),

newest as (
    select *
    from enrollments
    where
        level <> 'school'
        or school_key in (select high_schools.school_key from high_schools)
    qualify row_number() over (
        partition by
            provider,
            extract,
            level,
            state,
            school_key,
            school_year,
            grade,
            student_group
        order by {{ says_more_first(['student_count']) }}
    ) = 1
)

select * from newest
