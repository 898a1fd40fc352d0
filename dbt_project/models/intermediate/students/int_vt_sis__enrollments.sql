with spells as (
    {{ current_rows('stg_vt__sis_enrollment') }}
),

grades_delivered as (
    {{ current_rows('stg_vt__sis_grade_progression') }}
),

-- A grade without an end lasts until the end of the year.
grades as (
    select
        student_key,
        school_id_state,
        school_year,
        grade,
        grade_begin,
        coalesce(grade_end, make_date(school_year, 6, 30)) as last_day_in_grade
    from grades_delivered
),

admission_codes as (
    select * from {{ ref('admission_codes') }}
),

-- School Register 2.3 and 2.4: who is officially enrolled elsewhere, or in home study,
-- is on the register and no member of the school (seed admission_codes).
enrolled as (
    select
        spells.*,
        -- DC#04: the school year runs from 1 July to 30 June. An entry of an earlier
        -- year stands in each later file until the student leaves.
        greatest(
            spells.entry_date, make_date(spells.school_year - 1, 7, 1)
        ) as first_day,
        make_date(spells.school_year, 6, 30) as last_day
    from spells
    inner join admission_codes
        on
            spells.provider = admission_codes.provider
            and spells.extract = admission_codes.extract
            and spells.admission_status = admission_codes.admission_code
    where admission_codes.is_member
),

with_grades as (
    select
        enrolled.*,
        grades.grade,
        grades.grade_begin
    from enrolled
    left join grades
        on
            enrolled.student_key = grades.student_key
            and enrolled.school_id_state = grades.school_id_state
            and enrolled.school_year = grades.school_year
            and enrolled.first_day <= grades.last_day_in_grade
            and least(enrolled.exit_date, enrolled.last_day) >= grades.grade_begin
),

-- The grade of a spell is the one the student is in on its first day in the school
-- year, else the first that begins later in that year (a file may begin a grade with
-- the first day of lessons). The next grade of a promoted student begins after it.
graded as (
    select * from with_grades
    qualify row_number() over (
        partition by delivery, source_file, source_row
        order by
            case when grade_begin <= first_day then grade_begin end desc nulls last,
            grade_begin asc nulls last,
            grade asc nulls last
    ) = 1
),

-- The collection has no diploma type: exit type 08 is the regular diploma.
spelled as (
    select
        provider,
        extract,
        state,
        student_key,
        lea_id_state,
        school_id_state,
        school_year,
        grade,
        entry_date,
        entry_code,
        exit_date,
        exit_code,
        cast(null as string) as diploma_code,
        cast(null as string) as responsible_school_id_state,
        source_file,
        source_row,
        delivery
    from graded
)

select * from spelled
