/*
**What is this test?** The members of a class who graduated, dropped out, completed
otherwise, are still enrolled or left without (maximum age) add up to the cohort, and
the computed numerators of the four-year metrics never exceed it.
**When is this important to resolve?** Before publishing: a student counts twice or not.
**How to resolve?** See int_cohort_derived and int_cohort_listed.
*/
with cohorts as (
    select * from {{ ref('int_cohort_outcomes') }}
    where horizon_years = 4 and is_school_observed
),

computed as (
    select * from {{ ref('int_computed_counts') }}
    where
        level = 'school'
        and student_group = 'all'
        and metric_id in (
            'acgr_4yr', 'dropout_cohort', 'other_completion_4yr', 'still_enrolled_4yr'
        )
),

members as (
    select
        state,
        school_id_state,
        cohort_year,
        count(distinct student_key) as members_count,
        count(*) filter (where outcome = 'other_leaver') as other_leavers_count
    from cohorts
    where school_id_state is not null
    group by state, school_id_state, cohort_year
),

parts as (
    select
        state,
        school_id_state,
        school_year,
        sum(numerator) as parts_count,
        min(denominator) as lowest_denominator,
        max(denominator) as highest_denominator
    from computed
    group by state, school_id_state, school_year
),

wrong as (
    select
        members.state,
        members.school_id_state,
        members.cohort_year
    from members
    left join parts
        on
            members.state = parts.state
            and members.school_id_state = parts.school_id_state
            and members.cohort_year = parts.school_year
    where
        parts.parts_count + members.other_leavers_count
        is distinct from members.members_count
        or parts.lowest_denominator is distinct from members.members_count
        or parts.highest_denominator is distinct from members.members_count
)

select * from wrong
