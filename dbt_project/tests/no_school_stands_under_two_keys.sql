{{ config(severity='warn') }}
/*
**What is this test?** Two providers print the same name, class, group and cohort under
two keys: probably one school whose ids were not brought together.
**When is this important to resolve?** Soon: its students count twice in a coalition.
**How to resolve?** Add the id to the seed school_id_changes with the evidence.
*/
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where
        level = 'school'
        and is_preferred
        and metric_id = 'acgr_4yr'
        and student_group = 'all'
        and denominator > 0
),

twins as (
    select
        one.state,
        one.school_name,
        one.school_year,
        one.school_key,
        other.school_key as other_school_key
    from outcomes as one
    inner join outcomes as other
        on
            one.state = other.state
            and lower(one.school_name) = lower(other.school_name)
            and one.school_year = other.school_year
            and one.denominator = other.denominator
            and one.provider < other.provider
            and one.school_key <> other.school_key
)

select * from twins
