-- Is a school on its path? A rate and a printed band are taken alike: with the Wilson
-- interval of their ends and the printed cohort (95 per cent unless target_rules says
-- otherwise). It must lie on one side of the target, else nobody can tell. The goal is
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
        outcomes.lowest_pct,
        outcomes.highest_pct,
        outcomes.denominator,
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

bounded as (
    select
        *,
        {{ end_for_goal('lowest_pct', 'coalesce(value_low_pct, value_pct)') }}
            as goal_low_pct,
        {{ end_for_goal('highest_pct', 'coalesce(value_high_pct, value_pct)') }}
            as goal_high_pct,
        {{ wilson_end('lowest_pct', 'denominator', 'z', '-') }} as interval_low_pct,
        {{ wilson_end('highest_pct', 'denominator', 'z', '+') }} as interval_high_pct,
    from observed
),

judged as (
    select
        * exclude (
            lowest_pct, highest_pct, denominator, z, goal_low_pct, goal_high_pct
        ),
        case
            when value_status = 'suppressed' then 'suppressed'
            when value_status not in ('reported', 'range') then 'no_data'
            else {{ standing() }}
        end as verdict,
    from bounded
)

select * from judged
