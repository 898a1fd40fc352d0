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

{#- One row a student of a state's own cohort listing. -#}
{%- macro listed_cohort_columns() -%}
provider, extract, state, student_key, lea_id_state, school_id_state, cohort_year,
    outcome_code, source_file, source_row, delivery
{%- endmacro -%}

{#- No row, of these columns: so that a union stands before its first extract does. -#}
{%- macro empty_records(columns) -%}
{%- set types = {
    'school_year': 'bigint', 'cohort_year': 'bigint', 'source_row': 'bigint',
    'entry_date': 'date', 'exit_date': 'date', 'days_member': 'decimal(9, 3)',
    'days_absent': 'decimal(9, 3)',
} -%}
    select
        {%- for column in columns.split(',') %}
        cast(null as {{ types.get(column | trim, 'string') }}) as {{ column | trim }}
        {%- if not loop.last %},{% endif %}
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
            deliveries.landed_at
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

{#- True where a text such as |grade|entry_date| has one of the names between its bars. -#}
{%- macro names_any(text, names) -%}
({% for name in names %}instr({{ text }}, '|{{ name }}|') > 0{% if not loop.last %} or {% endif %}{% endfor %})
{%- endmacro -%}

{#- The current deliveries of extracts of which the models do not read just the validated
    rows. -#}
{%- macro rows_lost(extracts, models) -%}
with deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider || '/' || extract in ('{{ extracts | join("', '") }}')
),

read_rows as (
    {%- for records in models %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        provider,
        extract,
        delivery,
        source_row
    from {{ ref(records) }}
    {%- endfor %}
),

counted as (
    select
        provider,
        extract,
        delivery,
        count(distinct source_row) as row_count
    from read_rows
    group by provider, extract, delivery
),

wrong as (
    select deliveries.*
    from deliveries
    left join counted
        on
            deliveries.provider = counted.provider
            and deliveries.extract = counted.extract
            and deliveries.delivery = counted.delivery
    where deliveries.rows_validated <> coalesce(counted.row_count, 0)
)

select * from wrong
{%- endmacro -%}
