{{ config(materialized="view") }}

-- The trajectory of each baseline under each target model, the goal beside it. The
-- trajectory does not stop at the goal. A school's own target, where one is recorded
-- in school_target_overrides, takes the place of the computed one.
with baselines as (
    select * from {{ ref('int_baselines') }}
),

factors as (
    select * from {{ ref('int_target_factors') }}
),

goals as (
    select * from {{ ref('metric_goals') }}
    where is_current
),

overrides as (
    select * from {{ ref('school_target_overrides') }}
),

multiplied as (
    select
        baselines.*,
        factors.school_year,
        factors.target_model,
        cast(
            baselines.not_meeting_low_pct * factors.remaining_factor as decimal(18, 12)
        ) as rule_low_pct,
        cast(
            baselines.not_meeting_high_pct * factors.remaining_factor as decimal(18, 12)
        ) as rule_high_pct,
    from baselines
    inner join factors
        on baselines.rule_version = factors.rule_version
),

overridden as (
    select
        multiplied.*,
        goals.goal_pct,
        overrides.target_pct is not null as is_override,
        case multiplied.direction
            when 'higher' then 100 - overrides.target_pct else overrides.target_pct
        end as own_not_meeting_pct,
    from multiplied
    left join goals
        on multiplied.metric_id = goals.metric_id
    left join overrides
        on
            multiplied.school_id_nces = overrides.school_id_nces
            and multiplied.metric_id = overrides.metric_id
            and multiplied.student_group = overrides.student_group
            and multiplied.school_year = overrides.school_year
),

bounded as (
    select
        * exclude (rule_low_pct, rule_high_pct, own_not_meeting_pct),
        cast(coalesce(own_not_meeting_pct, rule_low_pct) as decimal(18, 12))
            as target_not_meeting_low_pct,
        cast(coalesce(own_not_meeting_pct, rule_high_pct) as decimal(18, 12))
            as target_not_meeting_high_pct,
    from overridden
),

-- As a rate that should be reached: 100 minus the share not meeting where higher is
-- better; the share itself where lower is better.
turned as (
    select
        *,
        cast(
            case direction
                when 'higher' then 100 - target_not_meeting_high_pct
                else target_not_meeting_low_pct
            end as decimal(18, 12)
        ) as target_low_pct,
        cast(
            case direction
                when 'higher' then 100 - target_not_meeting_low_pct
                else target_not_meeting_high_pct
            end as decimal(18, 12)
        ) as target_high_pct,
    from bounded
)

select * from turned
