-- One target of a school with the step that leads to it from the year before: what the
-- rule asks for, then what became of it, at the goal or by the school's own decision.
with targets as (
    select * from {{ as_seen_by('partner', 'school_targets') }}
),

decreases as (
    select * from {{ ref('target_decreases') }}
),

steps as (
    select
        target.*,
        decrease.decrease_pct,
        coalesce(
            lag(target.rule_not_meeting_low_pct) over series,
            target.baseline_not_meeting_low_pct
        ) as not_meeting_before_low_pct,
        coalesce(
            lag(target.rule_not_meeting_high_pct) over series,
            target.baseline_not_meeting_high_pct
        ) as not_meeting_before_high_pct,
        sum(decrease.decrease_pct) over series as decreases_so_far_pct
    from targets as target
    left join decreases as decrease
        on
            target.rule_version = decrease.rule_version
            and target.rule_year = decrease.school_year
    window series as (
        partition by
            target.school_key,
            target.metric_id,
            target.student_group,
            target.target_model,
            target.baseline_year
        order by target.school_year
    )
),

factored as (
    select
        *,
        if(
            target_model = 'compounding', not_meeting_before_low_pct,
            baseline_not_meeting_low_pct
        ) as factor_low_pct,
        if(
            target_model = 'compounding', not_meeting_before_high_pct,
            baseline_not_meeting_high_pct
        ) as factor_high_pct,
        if(
            target_model = 'compounding', decrease_pct,
            least(100, decreases_so_far_pct)
        ) as factor_decrease_pct
    from steps
),

-- The two ends of a range go the same way.
worded as (
    select
        *,
        round(factor_low_pct, 6)
        || if(
            factor_high_pct > factor_low_pct,
            ' to ' || round(factor_high_pct, 6), ''
        )
        || ' x (1 - ' || round(factor_decrease_pct, 2) || ' %) = '
        || round(rule_not_meeting_low_pct, 6)
        || if(
            rule_not_meeting_high_pct > rule_not_meeting_low_pct,
            ' to ' || round(rule_not_meeting_high_pct, 6), ''
        ) as rule_derivation,
        round(target_not_meeting_low_pct, 6)
        || if(
            target_not_meeting_high_pct > target_not_meeting_low_pct,
            ' to ' || round(target_not_meeting_high_pct, 6), ''
        ) as target_words
    from factored
),

derived as (
    select
        * exclude (
            factor_low_pct, factor_high_pct, factor_decrease_pct, rule_derivation,
            target_words
        ),
        case
            when is_override
                then
                    rule_derivation || '; set by the school: ' || target_words || ' ('
                    || override_reason || '; ' || override_author_role || ', '
                    || override_decided_on || ')'
            when
                target_not_meeting_high_pct > rule_not_meeting_high_pct
                or target_not_meeting_low_pct > rule_not_meeting_low_pct
                then rule_derivation || '; held at ' || target_words
            else rule_derivation
        end as derivation
    from worded
)

select * from derived
