-- Rows of students that are in no count: quarantined ones of current deliveries, and
-- those with a code that has no meaning. `records` is what their extract holds.
{%- set schools = ['school_id_state', 'lea_id_state'] %}
{%- set years = ['_school_year', 'school_year', 'sy', 'cohort_year'] %}
{%- set grades = ['grade', 'grade_begin', 'grade_end'] %}
{%- set days = ['entry_date', 'exit_date'] %}

with extracts as (
    select * from {{ ref('student_extracts') }}
),

quarantined as (
    {{ current_rows('stg_lake__student_rows_set_aside') }}
),

unmapped as (
    select * from {{ ref('int_unmapped_records') }}
),

conflicting as (
    select * from {{ ref('int_attendance_conflicts') }}
),

ambiguous as (
    select * from {{ ref('int_responsible_spells') }}
    where is_ambiguous
),

-- Vermont keeps the grades apart from the spells.
vt_grades as (
    {{ current_rows('stg_vt__sis_grade_progression') }}
),

graded as (
    select
        quarantined.*,
        extracts.records,
        (
            select min(vt_grades.grade)
            from vt_grades
            where
                quarantined.state = vt_grades.state
                and quarantined.student_key = vt_grades.student_key
                and quarantined.school_year = vt_grades.school_year
        ) as vt_grade
    from quarantined
    inner join extracts
        on
            quarantined.provider = extracts.provider
            and quarantined.extract = extracts.extract
),

-- The class follows from the first day in high school: where a grade, day or year is
-- wrong, nobody knows it.
set_aside as (
    select
        records,
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        state,
        student_key,
        case
            when not {{ names_any('wrong_columns', schools) }} then school_id_state
        end as school_id_state,
        case
            when not {{ names_any('wrong_columns', years) }} then school_year
        end as school_year,
        coalesce(grade, vt_grade) as grade,
        coalesce(has_end, false) or is_wrong as has_end,
        search_date,
        not is_unexplained
        and not {{ names_any('wrong_columns', grades + years + days) }}
            as is_class_known,
        not is_unexplained
        and not {{ names_any('wrong_columns', grades) }} as is_grade_known,
        'quarantined' as reason
    from graded
    -- A header that was left in a file of a layout without one is of no student.
    where
        not (
            source_row = 1
            and student_key is null
            and (is_unexplained or (
                {{ names_any('wrong_columns', ['grade']) }}
                and {{ names_any('wrong_columns', ['entry_date']) }}
            ))
        )
    union all
    select
        records,
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        state,
        student_key,
        school_id_state,
        school_year,
        grade,
        true as has_end,
        cast(null as date) as search_date,
        code_list <> 'grades' as is_class_known,
        code_list <> 'grades' as is_grade_known,
        code_list || ' have no ' || code as reason
    from unmapped
    union all
    select
        'attendance' as records,
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        state,
        student_key,
        school_id_state,
        school_year,
        cast(null as string) as grade,
        cast(null as boolean) as has_end,
        cast(null as date) as search_date,
        true as is_class_known,
        true as is_grade_known,
        'other days in another file' as reason
    from conflicting
    union all
    select
        'enrollment' as records,
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        state,
        student_key,
        school_id_state,
        school_year,
        grade,
        true as has_end,
        cast(null as date) as search_date,
        true as is_class_known,
        true as is_grade_known,
        'in two schools at once, and no row says which answers' as reason
    from ambiguous
)

select * from set_aside
