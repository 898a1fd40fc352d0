-- Is a school on its path? A rate is taken with its Wilson interval (95 per cent unless
-- target_rules says otherwise), a printed range with the unrounded rates it allows. The
-- interval must lie on one side of the target, else nobody can tell. The goal is
-- compared with the rate itself, unrounded where its counts are printed, and wins over
-- the path; a goal of "below 1" is not met by 1.
with targets as (
    select * from {{ ref('int_school_targets') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred
),

rules as (
    select * from {{ ref('target_rules') }}
),

newest as (
    select
        metric_id,
        max(school_year) as newest_year,
    from outcomes
    group by metric_id
),

observed as (
    select
        targets.*,
        coalesce(outcomes.value_status, 'not_reported') as value_status,
        outcomes.value_pct,
        outcomes.value_low_pct,
        outcomes.value_high_pct,
        outcomes.provider,
        outcomes.definition_id,
        case
            when outcomes.lowest_pct = outcomes.highest_pct then outcomes.lowest_pct
            else coalesce(outcomes.value_low_pct, outcomes.value_pct)
        end as goal_low_pct,
        case
            when outcomes.lowest_pct = outcomes.highest_pct then outcomes.highest_pct
            else coalesce(outcomes.value_high_pct, outcomes.value_pct)
        end as goal_high_pct,
        case when outcomes.value_status = 'reported' then outcomes.denominator end as n,
        cast(outcomes.lowest_pct as double) / 100 as lowest,
        cast(outcomes.highest_pct as double) / 100 as highest,
        cast(rules.confidence_z as double) as z,
    from targets
    inner join newest
        on
            targets.metric_id = newest.metric_id
            and targets.school_year <= newest.newest_year
    inner join rules
        on targets.rule_version = rules.rule_version
    left join outcomes
        on
            targets.school_key = outcomes.school_key
            and targets.metric_id = outcomes.metric_id
            and targets.student_group = outcomes.student_group
            and targets.school_year = outcomes.school_year
),

-- Wilson (1927): (p + z2/2n -+ z * sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n).
-- Rounded: doubles put the upper bound of 12 of 12 at 99.99999999999997, off a target
-- of 100.
intervals as (
    select
        *,
        round(100 * case
            when n > 0
                then greatest(0, (lowest + z * z / (2 * n) - z * sqrt(
                    lowest * (1 - lowest) / n + z * z / (4 * n * n)
                )) / (1 + z * z / n))
            else lowest
        end, 9) as interval_low_pct,
        round(100 * case
            when n > 0
                then least(1, (highest + z * z / (2 * n) + z * sqrt(
                    highest * (1 - highest) / n + z * z / (4 * n * n)
                )) / (1 + z * z / n))
            else highest
        end, 9) as interval_high_pct,
    from observed
),

judged as (
    select
        * exclude (n, lowest, highest, z, goal_low_pct, goal_high_pct),
        case
            when value_status = 'suppressed' then 'suppressed'
            when value_status not in ('reported', 'range') then 'no_data'
            when direction = 'higher' and goal_low_pct >= goal_pct then 'at_goal'
            when
                direction = 'lower'
                and (
                    goal_high_pct < goal_pct
                    or goal_high_pct = goal_pct
                    and goal_comparison is distinct from 'below'
                )
                then 'at_goal'
            when direction = 'higher' and interval_low_pct >= target_high_pct
                then 'on_track'
            when direction = 'higher' and interval_high_pct < target_low_pct
                then 'off_track'
            when direction = 'lower' and interval_high_pct <= target_low_pct
                then 'on_track'
            when direction = 'lower' and interval_low_pct > target_high_pct
                then 'off_track'
            else 'cannot_tell'
        end as verdict,
    from intervals
)

select * from judged
