-- Does a school reach what is asked of it, and how firm is that? A rate and a printed
-- band are taken alike: with the Wilson interval of their ends and the number of
-- students (95 per cent unless target_rules says otherwise). Where who prints the
-- rate prints no number of students, that of another provider for the same cell
-- serves; a restricted one does not, since the width of an interval gives it away.
-- The goal is compared with the rate itself, unrounded where its counts are printed;
-- a goal of "below 1" is not met by 1.
with targets as (
    select * from {{ ref('int_school_targets') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred
),

provider_ranks as (
    select * from {{ ref('provider_ranks') }}
),

counted as (
    select
        outcomes.school_key,
        outcomes.metric_id,
        outcomes.student_group,
        outcomes.school_year,
        outcomes.denominator,
        outcomes.provider
    from {{ ref('int_outcomes_reconciled') }} as outcomes
    left join provider_ranks
        on outcomes.provider = provider_ranks.provider
    where
        outcomes.level = 'school'
        and outcomes.denominator > 0
        and outcomes.visibility = 'public'
    qualify row_number() over (
        partition by
            outcomes.school_key,
            outcomes.metric_id,
            outcomes.student_group,
            outcomes.school_year
        order by provider_ranks.rank, outcomes.provider
    ) = 1
),

rules as (
    select * from {{ ref('target_rules') }}
),

newest as (
    select
        metric_id,
        max(school_year) as newest_year
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
        coalesce(nullif(outcomes.denominator, 0), counted.denominator)
            as students_count,
        case
            when outcomes.denominator > 0 then outcomes.provider else counted.provider
        end as students_count_provider,
        cast(rules.confidence_z as double) as z
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
    left join counted
        on
            targets.school_key = counted.school_key
            and targets.metric_id = counted.metric_id
            and targets.student_group = counted.student_group
            and targets.school_year = counted.school_year
),

bounded as (
    select
        *,
        {{ end_for_goal('lowest_pct', 'coalesce(value_low_pct, value_pct)') }}
            as goal_low_pct,
        {{ end_for_goal('highest_pct', 'coalesce(value_high_pct, value_pct)') }}
            as goal_high_pct,
        {{ wilson_end('lowest_pct', 'students_count', 'z', '-') }} as interval_low_pct,
        {{ wilson_end('highest_pct', 'students_count', 'z', '+') }}
            as interval_high_pct
    from observed
),

judged as (
    select
        * exclude (lowest_pct, highest_pct, z, goal_low_pct, goal_high_pct),
        {{ standing() }}
    from bounded
)

select * from judged
