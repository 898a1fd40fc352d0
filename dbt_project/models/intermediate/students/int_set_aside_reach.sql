-- Which rates a student or row that was set aside may belong to: by kind of metric, a
-- span of school years (of classes, for cohorts) and a school. Null is any.
with rows_set_aside as (
    select * from {{ ref('int_rows_set_aside') }}
),

students_set_aside as (
    select * from {{ ref('int_students_set_aside') }}
),

{{ current_records('int_student_enrollments') }},

attendance as (
    select * from {{ ref('int_student_attendance') }}
),

assessments as (
    select * from {{ ref('stg_nessc__student_assessment') }}
),

colleges as (
    select * from {{ ref('stg_nsc__student_tracker') }}
),

listings as (
    select * from {{ ref('int_listed_cohorts') }}
),

graduates as (
    select * from {{ ref('int_graduates') }}
),

cohorts as (
    select * from {{ ref('int_cohort_outcomes') }}
),

-- The schools that a delivery speaks of: of a row that does not say its school.
delivery_schools as (
    {%- for extract in ['current_records', 'attendance', 'assessments', 'listings'] %}
    select
        provider,
        extract,
        delivery,
        state,
        school_id_state
    from {{ extract }}
    union
    {%- endfor %}
    select
        colleges.provider,
        colleges.extract,
        colleges.delivery,
        colleges.state,
        graduates.school_id_state
    from colleges
    inner join graduates
        on
            colleges.state = graduates.state
            and colleges.student_key = graduates.student_key
),

-- What is known of each unit: a student with all that is left of it elsewhere, or a row
-- of which nobody knows the student.
known_rows as (
    select
        rows_set_aside.records,
        rows_set_aside.provider,
        rows_set_aside.extract,
        rows_set_aside.delivery,
        rows_set_aside.state,
        rows_set_aside.student_key,
        coalesce(
            rows_set_aside.state || '/' || rows_set_aside.student_key,
            concat_ws(
                '/',
                rows_set_aside.provider,
                rows_set_aside.extract,
                rows_set_aside.delivery,
                rows_set_aside.source_row
            )
        ) as unit,
        rows_set_aside.school_id_state,
        rows_set_aside.school_year,
        rows_set_aside.grade,
        rows_set_aside.has_end,
        rows_set_aside.is_class_known,
        rows_set_aside.is_grade_known
    from rows_set_aside
    left join students_set_aside
        on
            rows_set_aside.records = students_set_aside.records
            and rows_set_aside.state = students_set_aside.state
            and rows_set_aside.student_key = students_set_aside.student_key
    where
        rows_set_aside.student_key is null
        or students_set_aside.student_key is not null
    union all
    select
        students_set_aside.records,
        current_records.provider,
        current_records.extract,
        current_records.delivery,
        current_records.state,
        current_records.student_key,
        current_records.state || '/' || current_records.student_key as unit,
        current_records.school_id_state,
        current_records.school_year,
        current_records.grade,
        current_records.exit_code is not null
        or current_records.diploma_code is not null as has_end,
        true as is_class_known,
        true as is_grade_known
    from current_records
    inner join students_set_aside
        on
            current_records.state = students_set_aside.state
            and current_records.student_key = students_set_aside.student_key
            and students_set_aside.records = 'enrollment'
    {%- for extract, records in [
        ('attendance', 'attendance'), ('assessments', 'assessment'),
    ] %}
    union all
    select
        students_set_aside.records,
        {{ extract }}.provider,
        {{ extract }}.extract,
        {{ extract }}.delivery,
        {{ extract }}.state,
        {{ extract }}.student_key,
        {{ extract }}.state || '/' || {{ extract }}.student_key as unit,
        {{ extract }}.school_id_state,
        {{ extract }}.school_year,
        cast(null as string) as grade,
        false as has_end,
        true as is_class_known,
        true as is_grade_known
    from {{ extract }}
    inner join students_set_aside
        on
            {{ extract }}.state = students_set_aside.state
            and {{ extract }}.student_key = students_set_aside.student_key
            and students_set_aside.records = '{{ records }}'
    {%- endfor %}
),

unit_schools as (
    select distinct
        known_rows.records,
        known_rows.unit,
        coalesce(known_rows.state, delivery_schools.state) as state,
        coalesce(known_rows.school_id_state, delivery_schools.school_id_state)
            as school_id_state
    from known_rows
    left join delivery_schools
        on
            known_rows.school_id_state is null
            and known_rows.provider = delivery_schools.provider
            and known_rows.extract = delivery_schools.extract
            and known_rows.delivery = delivery_schools.delivery
),

first_in_high_school as (
    select
        records,
        unit,
        min(school_year + 12 - cast(grade as integer)) as first_class,
        max(school_year + 12 - cast(grade as integer)) as last_class
    from (
        select
            *,
            min(school_year) over (partition by records, unit) as first_year
        from known_rows
        where {{ in_high_school('grade') }}
    )
    where school_year = first_year
    group by records, unit
),

-- A year without a number is any year: -9999 to 9999.
unit_years as (
    select
        records,
        unit,
        max(student_key) as student_key,
        bool_and(is_class_known and student_key is not null and grade is not null)
            as is_class_known,
        if(bool_or(school_year is null), -9999, min(school_year)) as first_year,
        if(bool_or(school_year is null), 9999, max(school_year)) as last_year,
        if(
            bool_or(school_year is null),
            -9999,
            coalesce(min(school_year) filter (where has_end), max(school_year))
        ) as first_end,
        bool_or(
            not is_grade_known or grade is null or {{ in_high_school('grade') }}
        ) as may_be_in_high_school
    from known_rows
    group by records, unit
),

-- Grades 9 to 12 of a year are the classes of the year and of the next three; who
-- repeats may belong to one of the two before. A student whose rows can all be relied
-- on and are of lower grades is in no rate.
classed as (
    select
        unit_years.*,
        unit_years.first_year - cast(unit_years.student_key is null as integer)
            as first_event,
        if(
            unit_years.is_class_known,
            first_in_high_school.first_class,
            unit_years.first_year - 2
        ) as first_class,
        if(
            unit_years.is_class_known,
            first_in_high_school.last_class,
            unit_years.last_year + 3
        ) as last_class
    from unit_years
    left join first_in_high_school
        on
            unit_years.records = first_in_high_school.records
            and unit_years.unit = first_in_high_school.unit
    where unit_years.may_be_in_high_school
),

spans as (
    {%- for records, kind, first_year, last_year in [
        ('enrollment', 'cohort', 'first_class', 'last_class'),
        ('enrollment', 'college_cohort', 'first_class', 'last_class'),
        ('enrollment', 'college', 'first_end', 'last_year + 1'),
        ('enrollment', 'event', 'first_event', 'last_year + 1'),
        ('enrollment', 'attendance', 'first_year', 'last_year'),
        ('enrollment', 'assessment', 'first_year', 'last_year'),
        ('attendance', 'attendance', 'first_year', 'last_year'),
        ('assessment', 'assessment', 'first_year', 'last_year'),
        ('listing', 'cohort', 'first_year', 'last_year'),
        ('listing', 'college_cohort', 'first_year', 'last_year'),
        ('listing', 'college', 'first_year', 'last_year + 2'),
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        records,
        unit,
        student_key,
        is_class_known,
        '{{ kind }}' as kind,
        {{ first_year }} as first_year,
        {{ last_year }} as last_year,
        first_class,
        last_class
    from classed
    where records = '{{ records }}'
    {%- endfor %}
),

-- What the state lists itself does not hang on enrolment records.
listed_classes as (
    select distinct
        state,
        cohort_year
    from cohorts
    where is_listed
),

placed as (
    select
        spans.*,
        unit_schools.state,
        unit_schools.school_id_state
    from spans
    inner join unit_schools
        on spans.records = unit_schools.records and spans.unit = unit_schools.unit
    anti join listed_classes
        on
            spans.records = 'enrollment'
            and spans.kind in ('cohort', 'college_cohort', 'college')
            and spans.first_class = spans.last_class
            and unit_schools.state = listed_classes.state
            and spans.first_class = listed_classes.cohort_year
),

-- Of a graduate's college records the class and school are known from elsewhere. A row
-- of nobody may be of any graduate of those schools.
of_colleges as (
    select
        unit_years.unit,
        unit_years.student_key,
        'college' as kind,
        coalesce(graduates.class_year, -9999) as first_year,
        coalesce(graduates.class_year, 9999) as last_year,
        unit_schools.state,
        coalesce(graduates.school_id_state, unit_schools.school_id_state)
            as school_id_state
    from unit_years
    inner join unit_schools
        on
            unit_years.records = unit_schools.records
            and unit_years.unit = unit_schools.unit
    left join graduates
        on
            unit_schools.state = graduates.state
            and unit_years.student_key = graduates.student_key
    where
        unit_years.records = 'college'
        and (unit_years.student_key is null or graduates.student_key is not null)
    union all
    select
        unit_years.unit,
        unit_years.student_key,
        'college_cohort' as kind,
        coalesce(cohorts.cohort_year, -9999) as first_year,
        coalesce(cohorts.cohort_year, 9999) as last_year,
        unit_schools.state,
        coalesce(cohorts.school_id_state, unit_schools.school_id_state)
            as school_id_state
    from unit_years
    inner join unit_schools
        on
            unit_years.records = unit_schools.records
            and unit_years.unit = unit_schools.unit
    left join cohorts
        on
            unit_schools.state = cohorts.state
            and unit_years.student_key = cohorts.student_key
    where
        unit_years.records = 'college'
        and (unit_years.student_key is null or cohorts.student_key is not null)
),

reach as (
    select
        unit,
        student_key is not null as is_student,
        kind,
        records = 'enrollment' and kind in ('cohort', 'college_cohort')
            as stops_at_listings,
        state,
        school_id_state,
        first_year,
        last_year
    from placed
    union all
    select
        unit,
        student_key is not null as is_student,
        kind,
        false as stops_at_listings,
        state,
        school_id_state,
        first_year,
        last_year
    from of_colleges
)

select * from reach
