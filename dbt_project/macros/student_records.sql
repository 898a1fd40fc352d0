{#- The columns of every staged student record, in order; the unions rely on them.
    Records of students stay in the build: only counts leave it. -#}

{#- One row an enrolment spell: a student in a school, in one school year. -#}
{%- macro student_enrollment_columns() -%}
provider, extract, state, student_key, lea_id_state, school_id_state, school_year,
    grade, entry_date, entry_code, exit_date, exit_code, diploma_code,
    responsible_school_id_state, source_file, source_row, delivery
{%- endmacro -%}

{#- One row or more a student, school and school year; the days are added up. -#}
{%- macro student_attendance_columns() -%}
provider, extract, state, student_key, lea_id_state, school_id_state, school_year,
    days_member, days_absent, source_file, source_row, delivery
{%- endmacro -%}

{#- One row a college term and one a degree; a bare row for a student not found. -#}
{%- macro student_college_columns() -%}
provider, extract, state, student_key, search_date, is_found, college_code,
    college_level, enrollment_begin, enrollment_end, enrollment_status, is_graduated,
    graduation_date, college_sequence, source_file, source_row, delivery
{%- endmacro -%}

{#- One row a school and class whose graduates were looked up in college records. -#}
{%- macro blocked_count_columns() -%}
provider, extract, state, school_id_state, cohort_year, graduates_sent_count,
    blocked_count, source_file, source_row, delivery
{%- endmacro -%}

{#- One row a student, school year and subject. -#}
{%- macro student_assessment_columns() -%}
provider, extract, state, student_key, school_id_state, school_year, grade, subject,
    is_tested, is_proficient, source_file, source_row, delivery
{%- endmacro -%}

{#- One row a student of a state's own cohort listing. -#}
{%- macro listed_cohort_columns() -%}
provider, extract, state, student_key, lea_id_state, school_id_state, cohort_year,
    outcome_code, source_file, source_row, delivery
{%- endmacro -%}

{#- One row a student and school of a roster; rosters know no reason for leaving. -#}
{%- macro student_roster_columns() -%}
provider, extract, state, student_key, school_id_state, school_year, grade,
    begin_date, end_date, source_file, source_row, delivery
{%- endmacro -%}

{#- No row, of these columns: so that a union stands before its first extract does. -#}
{%- macro empty_records(columns) -%}
{%- set types = {
    'school_year': 'bigint', 'cohort_year': 'bigint', 'source_row': 'bigint',
    'entry_date': 'date', 'exit_date': 'date', 'search_date': 'date',
    'enrollment_begin': 'date', 'enrollment_end': 'date', 'graduation_date': 'date',
    'begin_date': 'date', 'end_date': 'date', 'is_found': 'boolean',
    'is_graduated': 'boolean', 'is_tested': 'boolean', 'is_proficient': 'boolean',
    'college_sequence': 'integer', 'days_member': 'decimal(9, 3)',
    'days_absent': 'decimal(9, 3)', 'graduates_sent_count': 'bigint',
    'blocked_count': 'bigint',
} -%}
    select
        {%- for column in columns.split(',') %}
        cast(null as {{ types.get(column | trim, 'varchar') }}) as {{ column | trim }},
        {%- endfor %}
    where false
{%- endmacro -%}

{#- The records of all extracts, one below the other. -#}
{%- macro unioned_records(columns, extracts) -%}
with unioned as (
{{ empty_records(columns) }}
    {%- for extract in extracts %}
    union all
    select {{ columns }}
    from {{ extract }}
    {%- endfor %}
)

select * from unioned
{%- endmacro -%}

{#- CTEs: the records of the current deliveries alone, with the time of landing. -#}
{%- macro current_records(unioned) -%}
    records as (
        select * from {{ ref(unioned) }}
    ),

    deliveries as (
        select * from {{ ref('int_deliveries_current') }}
    ),

    current_records as (
        select
            records.*,
            records.provider || '/' || records.extract as origin,
            deliveries.landed_at,
        from records
        inner join deliveries
            on
                records.provider = deliveries.provider
                and records.extract = deliveries.extract
                and records.delivery = deliveries.delivery
    )
{%- endmacro -%}

{#- One mark for a person, whatever the id: name and date of birth, all three hashed. -#}
{%- macro person_key() -%}
case
    when
        'malformed' not in (last_name, first_name, birth_date)
        then md5(last_name || first_name || birth_date)
end
{%- endmacro -%}

{#- The grades that the common metrics are about. -#}
{%- macro in_high_school(grade) -%}
{{ grade }} in ('09', '10', '11', '12')
{%- endmacro -%}

{#- A day such as 08-31 in a year. -#}
{%- macro day_of_year(year, month_day) -%}
cast({{ year }} || '-' || {{ month_day }} as date)
{%- endmacro -%}
