-- An outlook says of the newest year what is said of that cell's target: whether the goal
-- is reached, hidden or not. A row here is a school that two tables judge in two ways.
with outlooks as (
    select
        *,
        false as is_public
    from {{ as_seen_by('partner', 'school_outlook') }}
    union all
    select
        *,
        true as is_public
    from {{ as_seen_by('public', 'school_outlook') }}
),

verdicts as (
    select
        *,
        false as is_public
    from {{ as_seen_by('partner', 'school_target_status') }}
    union all
    select
        *,
        true as is_public
    from {{ as_seen_by('public', 'school_target_status') }}
),

compared as (
    select
        outlooks.school_key,
        outlooks.metric_id,
        outlooks.student_group,
        outlooks.school_year,
        outlooks.is_public,
        outlooks.outlook,
        verdicts.target_model,
        verdicts.reached
    from outlooks
    left join verdicts
        on
            outlooks.is_public = verdicts.is_public
            and outlooks.school_key = verdicts.school_key
            and outlooks.metric_id = verdicts.metric_id
            and outlooks.student_group = verdicts.student_group
            and outlooks.school_year = verdicts.school_year
)

select *
from compared
where
    reached is null
    or (outlook = 'at_goal') <> (reached = 'goal')
    or (outlook = 'suppressed') <> (reached = 'suppressed')
