{%- set event_types = ['FT', 'PTA', 'PTM', 'PTO'] -%}
with printed_days as (
    {{ current_rows('stg_vt__sis_attendance') }}
),

members as (
    select * from {{ ref('int_vt_sis__enrollments') }}
),

-- School Register 3.2: a day on which the student is not expected (SNE) is neither
-- attendance nor absence; a suspended or expelled student is absent.
expected as (
    select
        printed_days.*,
        case
            when printed_days.daily_status = 'ABS' then printed_days.day_value
        end as absent_part,
        case
            {%- for type in event_types %}
            when printed_days.attendance_event_type = '{{ type }}' then '{{ type }}'
            {%- endfor %}
            else 'other'
        end as event_type
    from printed_days
    semi join members
        on
            printed_days.student_key = members.student_key
            and printed_days.school_id_state = members.school_id_state
            and printed_days.school_year = members.school_year
    where
        printed_days.absence_category is null
        or printed_days.absence_category <> 'SNE'
),

-- DSID_VALUE is the part of the day expected. FAQ Attendance: absent is who misses at
-- least half of the school day. Assumed: what a school does not write down as an
-- absence is none, so that a day with a part present alone has no absence. A day
-- written with and without its zeroes is one day: of each type the largest part counts.
-- A state has millions of these groups, so that their keys are few.
days as (
    select
        student_key,
        school_id_state,
        school_year,
        attendance_date,
        max(lea_id_state) as lea_id_state,
        0
        {%- for type in event_types + ['other'] %}
        + coalesce(
            max(
                case event_type when '{{ type }}' then absent_part end
            ), 0
        )
        {%- endfor %}
            as absent_part,
        min(source_file) as source_file,
        min(source_row) as source_row,
        min(delivery) as delivery
    from expected
    group by student_key, school_id_state, school_year, attendance_date
),

-- 16 V.S.A. 1071 counts student attendance days: a day is a day, whatever its hours.
counted as (
    select
        'vt' as provider,
        'sis_attendance' as extract,
        'VT' as state,
        student_key,
        max(lea_id_state) as lea_id_state,
        school_id_state,
        school_year,
        cast(count(*) as decimal(9, 3)) as days_member,
        cast(count(case when absent_part >= 0.5 then 1 end) as decimal(9, 3))
            as days_absent,
        min(source_file) as source_file,
        min(source_row) as source_row,
        min(delivery) as delivery
    from days
    group by student_key, school_id_state, school_year
)

select * from counted
