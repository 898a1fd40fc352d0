{%- set event_types = ['FT', 'PTA', 'PTM', 'PTO'] -%}
with printed_days as (
    {{ current_rows('stg_vt__sis_attendance') }}
),

members as (
    select * from {{ ref('int_vt_sis__enrollments') }}
),

-- A state has a hundred million days: a day's group is known by two numbers, and holds
-- no text, which DuckDB could not put aside.
numbered as (
    select
        student_key,
        school_id_state,
        school_year,
        row_number() over (
            order by
                student_key asc nulls last,
                school_id_state asc nulls last,
                school_year asc nulls last
        ) as member_number
    from members
    group by student_key, school_id_state, school_year
),

-- School Register 3.2: a day on which the student is not expected (SNE) is neither
-- attendance nor absence; a suspended or expelled student is absent.
expected as (
    select
        printed_days.*,
        numbered.member_number,
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
    inner join numbered
        on
            printed_days.student_key = numbered.student_key
            and printed_days.school_id_state = numbered.school_id_state
            and printed_days.school_year = numbered.school_year
    where
        printed_days.absence_category is null
        or printed_days.absence_category <> 'SNE'
),

-- DSID_VALUE is the part of the day expected. FAQ Attendance: absent is who misses at
-- least half of the school day. Assumed: what a school does not write down as an
-- absence is none, so that a day with a part present alone has no absence. A day
-- written with and without its zeroes is one day: of each type the largest part counts.
days as (
    select
        member_number,
        attendance_date,
        0
        {%- for type in event_types + ['other'] %}
        + coalesce(
            max(
                case event_type when '{{ type }}' then absent_part end
            ), 0
        )
        {%- endfor %}
            as absent_part
    from expected
    group by member_number, attendance_date
),

-- 16 V.S.A. 1071 counts student attendance days: a day is a day, whatever its hours.
counted as (
    select
        member_number,
        cast(count(*) as decimal(9, 3)) as days_member,
        cast(count(case when absent_part >= 0.5 then 1 end) as decimal(9, 3))
            as days_absent
    from days
    group by member_number
),

first_rows as (
    select
        member_number,
        max(lea_id_state) as lea_id_state,
        min(source_file) as source_file,
        min(source_row) as source_row,
        min(delivery) as delivery
    from expected
    group by member_number
),

attended as (
    select
        'vt' as provider,
        'sis_attendance' as extract,
        'VT' as state,
        numbered.student_key,
        first_rows.lea_id_state,
        numbered.school_id_state,
        numbered.school_year,
        counted.days_member,
        counted.days_absent,
        first_rows.source_file,
        first_rows.source_row,
        first_rows.delivery
    from numbered
    inner join counted
        on numbered.member_number = counted.member_number
    inner join first_rows
        on numbered.member_number = first_rows.member_number
)

select * from attended
