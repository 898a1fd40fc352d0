-- Where a school's newest outcome leads: by how much the share not meeting the metric
-- has fallen a year since the baseline, by how much it must fall to reach the goal in
-- the last target year, and the year in which the goal is met at the pace so far. The
-- pace is compounding: m(t) = m(b) * (1 - a)^(t - b). Whether the goal is met
-- already, `reached` of the verdict says. No pace is carried on from a range, nor
-- from fewer years than minimum_pace_years of target_rules, nor beyond the last year
-- that the rule has a decrease for; outlook_reason says which.
with verdicts as (
    select * from {{ ref('int_school_verdicts') }}
    where target_model = 'compounding' and value_status in ('reported', 'range')
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred
),

rules as (
    select * from {{ ref('target_rules') }}
),

decreases as (
    select
        rule_version,
        max(school_year) as last_target_year
    from {{ ref('target_decreases') }}
    group by rule_version
),

newest as (
    select *
    from verdicts
    qualify row_number() over (
        partition by school_key, metric_id, student_group
        order by school_year desc, baseline_year desc, rule_version desc
    ) = 1
),

turned as (
    select
        newest.*,
        decreases.last_target_year,
        rules.minimum_pace_years,
        case newest.direction
            when 'higher' then 100 - outcomes.highest_pct else outcomes.lowest_pct
        end as now_low_pct,
        case newest.direction
            when 'higher' then 100 - outcomes.lowest_pct else outcomes.highest_pct
        end as now_high_pct,
        case newest.direction
            when 'higher' then 100 - newest.goal_pct else newest.goal_pct
        end as goal_not_meeting_pct,
        newest.school_year - newest.baseline_year as years_gone,
        decreases.last_target_year - newest.school_year as years_left
    from newest
    inner join outcomes
        on
            newest.school_key = outcomes.school_key
            and newest.metric_id = outcomes.metric_id
            and newest.student_group = outcomes.student_group
            and newest.school_year = outcomes.school_year
    inner join decreases
        on newest.rule_version = decreases.rule_version
    inner join rules
        on newest.rule_version = rules.rule_version
),

-- A share of zero cannot fall: its pace is not defined.
paced as (
    select
        *,
        case
            when not_meeting_low_pct > 0
                then 100 * (1 - pow(
                    cast(now_high_pct / not_meeting_low_pct as double), 1.0 / years_gone
                ))
        end as achieved_low_pct,
        case
            when not_meeting_high_pct > 0
                then 100 * (1 - pow(
                    cast(now_low_pct / not_meeting_high_pct as double), 1.0 / years_gone
                ))
        end as achieved_high_pct,
        case
            when years_left > 0 and now_low_pct > 0
                then greatest(0, 100 * (1 - pow(
                    cast(goal_not_meeting_pct / now_low_pct as double), 1.0 / years_left
                )))
        end as required_low_pct,
        case
            when years_left > 0 and now_high_pct > 0
                then greatest(0, 100 * (1 - pow(
                    cast(goal_not_meeting_pct / now_high_pct as double),
                    1.0 / years_left
                )))
        end as required_high_pct,
        now_low_pct = now_high_pct and not_meeting_low_pct = not_meeting_high_pct
            as is_point
    from turned
),

-- A share that falls by a part of itself never reaches nobody.
dated as (
    select
        *,
        case
            when
                is_point
                and goal_not_meeting_pct > 0
                and achieved_low_pct > 0
                and achieved_low_pct < 100
                then school_year + ceil(round(
                    ln(cast(goal_not_meeting_pct / now_high_pct as double))
                    / ln(1 - achieved_low_pct / 100), 9
                ))
        end as year_at_this_pace
    from paced
),

reasoned as (
    select
        *,
        case
            when goal_pct is null or reached = 'goal' then ''
            when not is_point then 'a_range'
            when years_gone < minimum_pace_years then 'too_few_years'
            when goal_not_meeting_pct = 0 then 'goal_of_nobody'
            when coalesce(achieved_low_pct, 0) <= 0 then 'does_not_fall'
            when year_at_this_pace > last_target_year then 'after_last_target_year'
            else ''
        end as outlook_reason
    from dated
),

foreseen as (
    select
        *,
        case
            when goal_pct is null then 'no_goal'
            when reached = 'goal' then 'at_goal'
            when outlook_reason in ('a_range', 'too_few_years') then 'cannot_tell'
            when outlook_reason <> '' then 'not_at_this_pace'
            else 'at_this_pace'
        end as outlook,
        case
            when goal_pct is not null and reached <> 'goal' and outlook_reason = ''
                then cast(year_at_this_pace as integer)
        end as goal_year
    from reasoned
)

select * from foreseen
