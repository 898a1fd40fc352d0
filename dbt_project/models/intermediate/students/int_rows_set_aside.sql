-- Rows of students that are in no count: quarantined ones of current deliveries, and
-- those with a code that has no meaning. `records` is what their extract holds.
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
        ) as vt_grade,
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
        if(
            list_has_any(wrong_columns, ['school_id_state', 'lea_id_state']),
            null, school_id_state
        ) as school_id_state,
        if(
            list_has_any(
                wrong_columns, ['_school_year', 'school_year', 'sy', 'cohort_year']
            ),
            null, school_year
        ) as school_year,
        coalesce(grade, vt_grade) as grade,
        coalesce(has_end, false) or is_wrong as has_end,
        search_date,
        not is_unexplained
        and not list_has_any(
            wrong_columns,
            [
                'grade', 'grade_begin', 'grade_end', 'school_year', 'sy',
                '_school_year', 'entry_date', 'exit_date'
            ]
        ) as is_class_known,
        not is_unexplained
        and not list_has_any(wrong_columns, ['grade', 'grade_begin', 'grade_end'])
            as is_grade_known,
        'quarantined' as reason,
    from graded
    -- A header that was left in a file of a layout without one is of no student.
    where
        not (
            source_row = 1
            and student_key is null
            and (is_unexplained or list_has_all(wrong_columns, ['grade', 'entry_date']))
        )
    union all by name
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
        code_list <> 'grades' as is_class_known,
        code_list <> 'grades' as is_grade_known,
        code_list || ' have no ' || code as reason,
    from unmapped
    union all by name
    select
        'attendance' as records,
        conflicting.*,
        true as is_class_known,
        true as is_grade_known,
        'other days in another file' as reason,
    from conflicting
    union all by name
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
        true as is_class_known,
        true as is_grade_known,
        'in two schools at once, and no row says which answers' as reason,
    from ambiguous
)

select * from set_aside
