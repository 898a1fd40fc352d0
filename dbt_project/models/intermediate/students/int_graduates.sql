-- Everybody with a diploma, in the class of the school year that it was earned in,
-- whichever cohort they began with. A diploma by the cutoff after summer belongs to the
-- school year before.
with spells as (
    select * from {{ ref('int_student_exits') }}
),

members as (
    select * from {{ ref('int_cohort_members') }}
),

cohorts as (
    select * from {{ ref('int_cohort_outcomes') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

first_diplomas as (
    select
        spells.state,
        spells.student_key,
        greatest(
            spells.school_year,
            year(spells.exit_on)
            + cast(
                right(cast(spells.exit_on as string), 5) > rules.outcome_cutoff
                as integer
            )
        ) as class_year,
        spells.exit_on as graduation_date,
        spells.lea_id_state,
        spells.school_id_state,
        spells.origin
    from spells
    inner join rules
        on spells.state = rules.state
    where spells.exit_outcome = 'graduate'
    qualify row_number() over (
        partition by spells.state, spells.student_key
        order by
            spells.spell_number asc nulls last
    ) = 1
),

listed_cohorts as (
    select
        state,
        cohort_year
    from cohorts
    where is_listed
),

derived as (
    select
        first_diplomas.*,
        members.first_school_year,
        rules.enrollment_is_statewide as is_statewide
    from first_diplomas
    inner join members
        on
            first_diplomas.state = members.state
            and first_diplomas.student_key = members.student_key
    inner join rules
        on first_diplomas.state = rules.state
    anti join listed_cohorts
        on
            members.state = listed_cohorts.state
            and members.cohort_year = listed_cohorts.cohort_year
),

first_listed as (
    select *
    from cohorts
    where is_listed and outcome = 'graduate'
    qualify row_number() over (
        partition by state, student_key
        order by
            horizon_years asc nulls last
    ) = 1
),

-- A listing has no day of the diploma: that of the records, else the rule's.
listed as (
    select
        first_listed.state,
        first_listed.student_key,
        first_listed.horizon_school_year as class_year,
        coalesce(
            first_diplomas.graduation_date,
            {{ day_of_year(
                'first_listed.horizon_school_year', 'rules.graduation_date_if_missing'
            ) }}
        ) as graduation_date,
        first_listed.lea_id_state,
        first_listed.school_id_state,
        first_listed.origin,
        first_listed.first_school_year,
        first_listed.is_statewide
    from first_listed
    inner join rules
        on first_listed.state = rules.state
    left join first_diplomas
        on
            first_listed.state = first_diplomas.state
            and first_listed.student_key = first_diplomas.student_key
            and first_listed.horizon_school_year = first_diplomas.class_year
),

graduates as (
    select
        state,
        student_key,
        class_year,
        graduation_date,
        lea_id_state,
        school_id_state,
        origin,
        first_school_year,
        is_statewide
    from derived
    union all
    select
        state,
        student_key,
        class_year,
        graduation_date,
        lea_id_state,
        school_id_state,
        origin,
        first_school_year,
        is_statewide
    from listed
)

select * from graduates
