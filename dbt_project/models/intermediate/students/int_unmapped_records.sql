-- Records of students that hold a code which no code list explains. They cannot be
-- counted, and stop nothing: their students are set aside (int_students_set_aside).
with spells as (
    select * from {{ ref('int_student_spells') }}
),

{{ current_records('int_listed_cohorts') }},

listed_outcome_codes as (
    select * from {{ ref('listed_outcome_codes') }}
),

admission_codes as (
    select * from {{ ref('admission_codes') }}
),

grades as (
    select * from {{ ref('grades') }}
),

race_codes as (
    select * from {{ ref('race_codes') }}
),

nh_spells as (
    {{ current_rows('stg_nh__i4see_enrollment') }}
),

vt_spells as (
    {{ current_rows('stg_vt__sis_enrollment') }}
),

admitted as (
    select
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
        admission_status
    from nh_spells
    union all
    select
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
        admission_status
    from vt_spells
),

used as (
    {%- for code_list, code, unmapped in [
        ('exit_codes', 'exit_code', 'exit_code is not null and not is_exit_mapped'),
        ('diploma_codes', 'diploma_code', "diploma_category = 'unknown'"),
        ('entry_codes', 'entry_code', 'entry_code is not null and entry_category is null'),
        ('grades', 'grade', 'grade not in (select grades.grade from grades)'),
    ] %}
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
        '{{ code_list }}' as code_list,
        {{ code }} as code
    from spells
    where {{ unmapped }}
    union all
    {%- endfor %}
    select
        'enrollment' as records,
        admitted.provider,
        admitted.extract,
        admitted.delivery,
        admitted.source_file,
        admitted.source_row,
        admitted.state,
        admitted.student_key,
        admitted.school_id_state,
        admitted.school_year,
        admitted.grade,
        'admission_codes' as code_list,
        admitted.admission_status as code
    from admitted
    anti join admission_codes
        on
            admitted.provider = admission_codes.provider
            and admitted.extract = admission_codes.extract
            and admitted.admission_status = admission_codes.admission_code
    where admitted.admission_status is not null
    union all
    select
        'enrollment' as records,
        nh_spells.provider,
        nh_spells.extract,
        nh_spells.delivery,
        nh_spells.source_file,
        nh_spells.source_row,
        nh_spells.state,
        nh_spells.student_key,
        nh_spells.school_id_state,
        nh_spells.school_year,
        nh_spells.grade,
        'race_codes' as code_list,
        nh_spells.race_code as code
    from nh_spells
    anti join race_codes
        on
            nh_spells.provider = race_codes.provider
            and nh_spells.extract = race_codes.extract
            and nh_spells.race_code = race_codes.race_code
    where nh_spells.race_code is not null
    union all
    select
        'listing' as records,
        current_records.provider,
        current_records.extract,
        current_records.delivery,
        current_records.source_file,
        current_records.source_row,
        current_records.state,
        current_records.student_key,
        current_records.school_id_state,
        current_records.cohort_year as school_year,
        cast(null as string) as grade,
        'listed_outcome_codes' as code_list,
        current_records.outcome_code as code
    from current_records
    anti join listed_outcome_codes
        on
            current_records.provider = listed_outcome_codes.provider
            and current_records.extract = listed_outcome_codes.extract
            and current_records.outcome_code = listed_outcome_codes.outcome_code
    where current_records.outcome_code is not null
)

select * from used
