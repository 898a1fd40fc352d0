{{ config(severity='warn') }}
/*
**What is this test?** Every row of school_target_overrides is the target of that
school, metric, group and year, and a rate from 0 to 100.
**When is this important to resolve?** Soon: a school set a target and nobody sees it.
Its file may not have come, so that this is no more than a warning.
**How to resolve?** Look for a wrong id, metric, group or year in the row. A school
without a usable baseline has no path that its own target could stand in (see
target_coverage).
*/
with overrides as (
    select * from {{ ref('school_target_overrides') }}
),

used as (
    select distinct
        school_id_nces,
        metric_id,
        student_group,
        school_year,
        target_pct
    from {{ as_seen_by('partner', 'school_targets') }}
    where is_override
),

unused as (
    select
        overrides.school_id_nces,
        overrides.metric_id,
        overrides.student_group,
        overrides.school_year
    from overrides
    left join used
        on
            overrides.school_id_nces = used.school_id_nces
            and overrides.metric_id = used.metric_id
            and overrides.student_group = used.student_group
            and overrides.school_year = used.school_year
            and overrides.target_pct = used.target_pct
    where
        used.school_id_nces is null
        or overrides.target_pct not between 0 and 100
)

select * from unused
