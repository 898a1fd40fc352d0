/*
**What is this test?** Every school of the consortium's states that is published, metric
with targets, student group and target year has exactly one row in target_coverage; it
says "target" where school_targets has one, and where it has none, why.
**When is this important to resolve?** Always: a school without a target and without a
reason is a silent gap.
**How to resolve?** See int_target_coverage; a new reason needs a branch there and a word in
the accepted values of target_coverage.
*/
with coverage as (
    select * from {{ as_seen_by('partner', 'target_coverage') }}
),

targets as (
    select distinct
        school_key,
        metric_id,
        student_group,
        school_year
    from {{ as_seen_by('partner', 'school_targets') }}
),

products as (
    select
        (
            select count(*)
            from {{ ref('dim_school') }} as schools
            inner join {{ ref('states') }} as states
                on schools.state = states.state
            where states.is_nessc
        )
        * (select count(*) from {{ ref('metrics') }} where has_targets)
        * (select count(*) from {{ ref('student_groups') }})
        * (
            select count(*)
            from {{ ref('target_decreases') }} as decreases
            inner join {{ ref('target_rules') }} as rules
                on decreases.rule_version = rules.rule_version
            where rules.is_active
        ) as due_count,
),

other_count as (
    select 'not every school, metric, group and year has a row' as finding
    from products
    where due_count <> (select count(*) from coverage)
),

told_wrong as (
    select 'coverage and targets disagree' as finding
    from coverage
    left join targets
        on
            coverage.school_key = targets.school_key
            and coverage.metric_id = targets.metric_id
            and coverage.student_group = targets.student_group
            and coverage.school_year = targets.school_year
    where coverage.has_target <> (targets.school_key is not null)
),

unasked as (
    select 'a target that nobody asked for' as finding
    from targets
    inner join {{ ref('dim_school') }} as schools
        on targets.school_key = schools.school_key
    inner join {{ ref('states') }} as states
        on schools.state = states.state
    left join coverage
        on
            targets.school_key = coverage.school_key
            and targets.metric_id = coverage.metric_id
            and targets.student_group = coverage.student_group
            and targets.school_year = coverage.school_year
    where states.is_nessc and coverage.school_key is null
),

found as (
    select * from other_count
    union all
    select * from told_wrong
    union all
    select * from unasked
)

select * from found
