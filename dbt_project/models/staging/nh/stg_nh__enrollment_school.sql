-- Enrolment on October 1. The row of the state stands above the schools and is read as
-- printed, never as their sum. "*PG" are students who have a diploma and stay.
with printed as (
    select * from {{ source('nh', 'enrollment_school') }}
),

named as (
    select
        *,
        school_name = 'State Total' as is_state
    from printed
),

{{ nh_head_counts('enrollment_school', 'school', [
    ('PK', 'preschool'),
    ('KG', 'kindergarten'),
    ('01', 'grade_01'),
    ('02', 'grade_02'),
    ('03', 'grade_03'),
    ('04', 'grade_04'),
    ('05', 'grade_05'),
    ('06', 'grade_06'),
    ('07', 'grade_07'),
    ('08', 'grade_08'),
    ('09', 'grade_09'),
    ('10', 'grade_10'),
    ('11', 'grade_11'),
    ('12', 'grade_12'),
    ('PG', 'postgraduate'),
    ('all', 'total'),
]) }}

select * from typed
