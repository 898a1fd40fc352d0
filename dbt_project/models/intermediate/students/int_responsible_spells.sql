-- The spells of the school that answers for a student. CEDS gives each enrolment a
-- responsible school (Responsible School Type: Graduation), Ed-Fi marks one as
-- primarySchool; 34 CFR 200.19(b)(1) has each student in one cohort.
with outcomes as (
    select * from {{ ref('int_spell_outcomes') }}
),

own_spells as (
    select distinct
        state,
        student_key,
        school_id_state,
        school_year
    from outcomes
    where
        coalesce(responsible_school_id_state, school_id_state)
        is not distinct from school_id_state
),

-- Where a spell names another school as responsible, that school's own spell counts; if
-- it has sent none of the year, this one counts as of that school.
attributed as (
    select
        outcomes.provider,
        outcomes.extract,
        outcomes.state,
        outcomes.student_key,
        case
            when
                outcomes.responsible_school_id_state is null
                or outcomes.responsible_school_id_state = outcomes.school_id_state
                then outcomes.lea_id_state
        end as lea_id_state,
        coalesce(
            outcomes.responsible_school_id_state, outcomes.school_id_state
        ) as school_id_state,
        outcomes.school_year,
        outcomes.grade,
        outcomes.entry_date,
        outcomes.entry_code,
        outcomes.exit_date,
        outcomes.exit_code,
        outcomes.diploma_code,
        outcomes.responsible_school_id_state,
        outcomes.source_file,
        outcomes.source_row,
        outcomes.delivery,
        outcomes.origin,
        outcomes.landed_at,
        outcomes.entry_category,
        outcomes.ceds_exit_type,
        outcomes.is_exit_mapped,
        outcomes.exit_category,
        outcomes.diploma_category,
        outcomes.exit_outcome
    from outcomes
    anti join own_spells
        on
            outcomes.state = own_spells.state
            and outcomes.student_key = own_spells.student_key
            and outcomes.school_year = own_spells.school_year
            and case
                when outcomes.responsible_school_id_state <> outcomes.school_id_state
                    then outcomes.responsible_school_id_state
            end = own_spells.school_id_state
),

-- A spell without an end lasts until the next one in the same school.
timed as (
    select
        *,
        exit_outcome not in ('continues', 'moves') as is_end,
        coalesce(
            exit_date,
            lead(entry_date) over (
                partition by state, student_key, school_id_state, school_year
                order by
                    entry_date asc nulls first,
                    source_file asc nulls last,
                    source_row asc nulls last
            ),
            date '9999-12-31'
        ) as ends_on,
        coalesce(entry_date < ends_on, true) as is_a_stay
    from attributed
),

-- A student who is in two schools at once (a technical centre beside the high school)
-- and leaves one of them with a reason has left: the spell that goes on elsewhere is
-- then of a school that does not answer. A spell that begins on the day of the end is
-- a transfer, and one after it a return.
answering as (
    select timed.*
    from timed
    anti join timed as ended
        on
            timed.state = ended.state
            and timed.student_key = ended.student_key
            and timed.school_year = ended.school_year
            and timed.school_id_state <> ended.school_id_state
            and case when not timed.is_end then timed.entry_date end
            < case when ended.is_end then ended.ends_on end
            and timed.ends_on >= ended.ends_on
),

-- Spells in two schools that end on one day, or go on in both: no row says which school
-- answers, and nothing is guessed.
judged as (
    select
        *,
        coalesce(
            min(case when is_a_stay then school_id_state end) over same_end
            <> max(case when is_a_stay then school_id_state end) over same_end,
            false
        ) and is_a_stay as is_ambiguous
    from answering
    window
        same_end as (partition by state, student_key, school_year, ends_on)
)

select * from judged
