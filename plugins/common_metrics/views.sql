-- Views of a published file: what is behind each number, in one row.

-- One outcome of a school with its formula, its definition and the receipt of its file.
create view explained_outcomes as
select
    outcome.school_key,
    outcome.school_name,
    outcome.state,
    outcome.school_year,
    outcome.metric_id,
    metric.label,
    outcome.student_group,
    outcome.value_status,
    outcome.value_pct,
    outcome.value_low_pct,
    outcome.value_high_pct,
    outcome.numerator,
    outcome.denominator,
    case
        when outcome.value_status = 'suppressed' then 'hidden: too small to show'
        when outcome.value_status not in ('reported', 'range') then 'no number'
        when outcome.numerator is not null and outcome.denominator > 0
            then
                '100 x ' || outcome.numerator || ' / ' || outcome.denominator
                || ' = ' || round(100.0 * outcome.numerator / outcome.denominator, 4)
        when outcome.value_status = 'range' then 'printed as a range'
        else 'printed as a rate'
    end as formula,
    metric.numerator_definition,
    metric.denominator_definition,
    outcome.definition_id,
    metric.source as definition_source,
    metric.comparability_class,
    outcome.is_preferred,
    outcome.provider,
    outcome.extract,
    outcome.source_file,
    outcome.source_sheet,
    outcome.source_row,
    delivery.sha256,
    delivery.landed_at,
    outcome.data_as_of
from school_outcomes as outcome
left join dim_metric as metric
    on outcome.metric_id = metric.metric_id
left join deliveries as delivery
    on
        outcome.provider = delivery.provider
        and outcome.extract = delivery.extract
        and outcome.source_file = delivery.file
        and outcome.delivery = left(delivery.sha256, 8);

-- One target of a school with the step that leads to it from the year before: what the
-- rule asks for, then what became of it, at the goal or by the school's own decision.
create view explained_targets as
with steps as (
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
    from school_targets as target
    left join target_decreases as decrease
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
)

select
    * exclude (
        factor_low_pct, factor_high_pct, factor_decrease_pct, rule_derivation,
        target_words
    ),
    case
        when baseline_status = 'suppressed' then 'hidden: its baseline is'
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
from worded;

comment on view explained_outcomes is
'One outcome of a school with its formula, its definition and the receipt of its file';
comment on column explained_outcomes.formula is
'How the rate follows from its counts, or why there is none';
comment on column explained_outcomes.definition_source is
'Where the definition of the metric comes from';
comment on view explained_targets is
'One target of a school with the step that leads to it from the year before';
comment on column explained_targets.not_meeting_before_low_pct is
'Lowest share not meeting that the rule allows in the year before, or of the baseline';
comment on column explained_targets.not_meeting_before_high_pct is
'Highest share not meeting that the rule allows in the year before, or of the baseline';
comment on column explained_targets.decreases_so_far_pct is
'Sum of the decreases from the baseline to this year';
comment on column explained_targets.derivation is
'The share not meeting as a product of the share before and the decrease, and why it is another';
