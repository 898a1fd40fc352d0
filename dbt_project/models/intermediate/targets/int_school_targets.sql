-- The trajectory of each baseline under each target model, the goal beside it, for the
-- years after the baseline and no further than the next break. Whether a target's year
-- means the class or the year in which its outcome is known, and whether the path stops
-- at the goal, is said by target_rules. A school's own target, where one is recorded in
-- school_target_overrides, takes the place of the computed one; what the rule alone
-- asks for stays beside it, and the years after go on by the rule.
with baselines as (
    select * from {{ ref('int_baselines') }}
),

factors as (
    select * from {{ ref('int_target_factors') }}
),

rules as (
    select * from {{ ref('target_rules') }}
),

lags as (
    select * from {{ ref('metric_lags') }}
),

goals as (
    select * from {{ ref('metric_goals') }}
    where is_current
),

overrides as (
    select * from {{ ref('school_target_overrides') }}
),

-- With known_year, the decrease of 2015 bears on the five-year rate of the class of
-- 2014.
placed as (
    select
        baselines.*,
        rules.target_year_means,
        rules.at_goal_rule,
        case rules.target_year_means
            when 'known_year' then coalesce(lags.known_after_years, 0) else 0
        end as lag_years
    from baselines
    inner join rules
        on baselines.rule_version = rules.rule_version
    left join lags
        on baselines.metric_id = lags.metric_id
),

-- The newest decrease that the baseline has behind it.
begun as (
    select
        placed.rule_version,
        placed.metric_id,
        placed.baseline_year,
        max(factors.after_year) as after_year
    from placed
    left join factors
        on
            placed.rule_version = factors.rule_version
            and placed.baseline_year + placed.lag_years >= factors.after_year
    group by placed.rule_version, placed.metric_id, placed.baseline_year
),

multiplied as (
    select
        placed.*,
        factors.school_year - placed.lag_years as school_year,
        factors.school_year as rule_year,
        factors.target_model,
        cast(
            placed.not_meeting_low_pct * factors.remaining_factor as decimal(18, 12)
        ) as rule_not_meeting_low_pct,
        -- Most baselines are points. The cast of a product is what costs here.
        case
            when placed.not_meeting_low_pct = placed.not_meeting_high_pct
                then rule_not_meeting_low_pct
            else cast(
                placed.not_meeting_high_pct * factors.remaining_factor
                as decimal(18, 12)
            )
        end as rule_not_meeting_high_pct
    from placed
    inner join begun
        on
            placed.rule_version = begun.rule_version
            and placed.metric_id = begun.metric_id
            and placed.baseline_year = begun.baseline_year
    inner join factors
        on
            placed.rule_version = factors.rule_version
            and begun.after_year is not distinct from factors.after_year
            and placed.baseline_year < factors.school_year - placed.lag_years
            and placed.segment_last_year >= factors.school_year - placed.lag_years
),

overridden as (
    select
        multiplied.*,
        goals.goal_pct,
        goals.goal_version,
        goals.comparison as goal_comparison,
        overrides.target_pct is not null as is_override,
        overrides.reason as override_reason,
        overrides.author_role as override_author_role,
        overrides.decided_on as override_decided_on,
        case multiplied.direction
            when 'higher' then 100 - overrides.target_pct else overrides.target_pct
        end as own_not_meeting_pct,
        case
            when multiplied.at_goal_rule = 'stop_at_goal' and goals.goal_pct is not null
                then case multiplied.direction
                    when 'higher' then 100 - goals.goal_pct else goals.goal_pct
                end
            else 0
        end as least_asked_pct
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

-- stop_at_goal: the path ends at the goal; who starts beyond it is asked to keep what
-- the baseline shows, for a target never asks for less than that.
bounded as (
    select
        * exclude (own_not_meeting_pct, least_asked_pct),
        cast(
            coalesce(
                own_not_meeting_pct,
                greatest(
                    rule_not_meeting_low_pct,
                    least(not_meeting_low_pct, least_asked_pct)
                )
            ) as decimal(18, 12)
        ) as target_not_meeting_low_pct,
        cast(
            coalesce(
                own_not_meeting_pct,
                greatest(
                    rule_not_meeting_high_pct,
                    least(not_meeting_high_pct, least_asked_pct)
                )
            ) as decimal(18, 12)
        ) as target_not_meeting_high_pct
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
        ) as target_high_pct
    from bounded
),

-- Null where the baseline's range leaves it open, or there is no goal.
held_against_the_goal as (
    select
        *,
        case
            when {{ meets_goal('target_low_pct', 'target_high_pct') }} then true
            when not {{ meets_goal('target_high_pct', 'target_low_pct') }} then false
        end as meets_goal
    from turned
)

select * from held_against_the_goal
