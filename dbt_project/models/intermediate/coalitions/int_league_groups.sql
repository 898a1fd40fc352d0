-- One group a school: the cohort that it joined, else member of the League at any time.
-- Every other school is outside. A planned cohort is no cohort.
with milestones as (
    {{ league_rows('milestones', ['phase']) }}
),

cohorts as (
    select
        school_key,
        actual_cohort
    from milestones
    where phase = 'selected' and actual_cohort is not null
),

members as (
    select * from {{ ref('int_league_members') }}
),

grouped as (
    select
        school_key,
        'cohort_' || actual_cohort as league_group,
        actual_cohort as cohort
    from cohorts
    union all
    select distinct
        school_key,
        'other_members' as league_group,
        cast(null as integer) as cohort
    from members
    where school_key not in (select cohorts.school_key from cohorts)
)

select * from grouped
