-- The October-1 dropout rate (NCES 2011 dropout report, appendix A): enrolled some time
-- in the year, and on the next 1 October neither enrolled nor accounted for; among the
-- members of grades 9 to 12 on 1 October.
with spells as (
    select * from {{ ref('int_student_exits') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

record_years as (
    select * from {{ ref('int_record_years') }}
),

high_school as (
    select
        spells.*,
        coalesce(
            spells.entry_date <= make_date(spells.school_year - 1, 10, 1), true
        ) as began_by_october,
        coalesce(
            spells.exit_on <= make_date(spells.school_year - 1, 10, 1), false
        ) as ended_by_october
    from spells
    where {{ in_high_school('grade') }}
),

october_members as (
    select *
    from high_school
    where began_by_october and not ended_by_october
    qualify row_number() over (
        partition by state, student_key, school_year
        order by
            spell_number desc nulls last
    ) = 1
),

autumn_spells as (
    select * from high_school
    where began_by_october
),

last_spells as (
    select *
    from high_school
    qualify row_number() over (
        partition by state, student_key, school_year
        order by
            spell_number desc nulls last
    ) = 1
),

-- Not back by 1 October: after an exit that counts as dropping out, or after summer
-- without any exit. By the rule a summer dropout counts in the year not entered. Who
-- came back and left again before that day is judged by the later spell.
leavers as (
    select
        last_spells.state,
        last_spells.lea_id_state,
        last_spells.school_id_state,
        last_spells.school_year,
        last_spells.student_key,
        last_spells.origin,
        last_spells.ended_by_october,
        last_spells.spell_number,
        last_spells.school_year + cast(
            last_spells.exit_outcome = 'continues'
            and rules.summer_dropout_year = 'not_entered' as integer
        ) as event_year,
        rules.event_denominator
    from last_spells
    inner join rules
        on last_spells.state = rules.state
    anti join autumn_spells
        on
            last_spells.state = autumn_spells.state
            and last_spells.student_key = autumn_spells.student_key
            and last_spells.school_year + 1 = autumn_spells.school_year
    where
        last_spells.exit_outcome = 'continues'
        or instr(
            '|' || rules.event_dropout_exits || '|',
            '|' || last_spells.exit_category || '|'
        ) > 0
),

-- One student counts once a year, though gone after summer and again after winter.
dropouts as (
    select *
    from leavers
    qualify row_number() over (
        partition by state, student_key, event_year
        order by
            spell_number desc nulls last
    ) = 1
),

-- New Hampshire adds to the members who dropped out before 1 October (NH DOE).
added as (
    select
        *,
        event_denominator = 'october_and_earlier_dropouts'
        and (
            event_year > school_year
            or ended_by_october
        ) as is_added_to_members
    from dropouts
),

counted as (
    select
        state,
        lea_id_state,
        school_id_state,
        school_year,
        school_year as group_year,
        student_key,
        origin,
        0 as numerator,
        1 as denominator
    from october_members
    union all
    select
        state,
        lea_id_state,
        school_id_state,
        event_year as school_year,
        school_year as group_year,
        student_key,
        origin,
        1 as numerator,
        cast(is_added_to_members as integer) as denominator
    from added
),

-- A year is observed where the records hold the next 1 October, and the year before
-- where summer dropouts come from it.
years as (
    select
        record_years.*,
        record_years.first_year
        + cast(rules.summer_dropout_year = 'not_entered' as integer)
            as first_event_year,
        record_years.last_year - 1 as last_event_year
    from record_years
    inner join rules
        on record_years.state = rules.state
),

cases as (
    select
        'cohort' as extract,
        'dropout_event' as metric_id,
        counted.state,
        counted.lea_id_state,
        counted.school_id_state,
        counted.school_year,
        counted.student_key,
        counted.group_year as first_year,
        counted.group_year as last_year,
        counted.numerator,
        counted.denominator,
        coalesce(
            counted.school_year
            between school_years.first_event_year and school_years.last_event_year,
            false
        ) as is_school_case,
        rules.enrollment_is_statewide as is_state_case,
        counted.origin
    from counted
    inner join rules
        on counted.state = rules.state
    inner join years as state_years
        on
            counted.state = state_years.state
            and state_years.is_state
            and counted.school_year
            between state_years.first_event_year and state_years.last_event_year
    left join years as school_years
        on
            counted.state = school_years.state
            and counted.school_id_state = school_years.school_id_state
)

select * from cases
