-- 34 CFR 200.19(b)(1)(i): the cohort is the students who enter grade 9 for the first
-- time in one school year, and whoever joins it by transfer. A transfer in joins the
-- class of the grade of entry (a 10th grader has three years, an 11th two, a 12th one;
-- Colorado DOE, graduation FAQ). Who repeats a grade or comes back keeps the class
-- (RI Gen. Laws 16-90-4). So the first year in high school alone decides.
with spells as (
    select * from {{ ref('int_student_exits') }}
),

first_spells as (
    select *
    from spells
    where {{ in_high_school('grade') }}
    qualify row_number() over (
        partition by state, student_key
        order by
            spell_number asc nulls last
    ) = 1
),

members as (
    select
        state,
        student_key,
        school_year + 12 - cast(grade as integer) as cohort_year,
        school_year as first_school_year,
        grade as first_grade,
        grade <> '09' as is_transfer_in
    from first_spells
)

select * from members
