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
            then '100 x ' || outcome.numerator || ' / ' || outcome.denominator
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

-- One target of a school with the step that leads to it from the year before.
create view explained_targets as
with steps as (
    select
        target.*,
        decrease.decrease_pct,
        coalesce(
            lag(target.target_not_meeting_pct) over series,
            target.baseline_not_meeting_pct
        ) as not_meeting_before_pct,
        sum(decrease.decrease_pct) over series as decreases_so_far_pct
    from school_targets as target
    left join target_decreases as decrease
        on
            target.rule_version = decrease.rule_version
            and target.school_year = decrease.school_year
    window series as (
        partition by
            target.school_key,
            target.metric_id,
            target.student_group,
            target.target_model,
            target.baseline_year
        order by target.school_year
    )
)

select
    *,
    case
        when baseline_status = 'suppressed' then 'hidden: its baseline is'
        when is_override then 'set by the school'
        when target_not_meeting_pct is null then 'a range, as its baseline is'
        when target_model = 'compounding'
            then round(not_meeting_before_pct, 6) || ' x (1 - ' || round(decrease_pct, 2)
                || ' %) = ' || round(target_not_meeting_pct, 6)
        else round(baseline_not_meeting_pct, 6) || ' x (1 - '
            || round(decreases_so_far_pct, 2) || ' %) = '
            || round(target_not_meeting_pct, 6)
    end as derivation
from steps;

comment on view explained_outcomes is
'One outcome of a school with its formula, its definition and the receipt of its file';
comment on column explained_outcomes.formula is
'How the rate follows from its counts, or why there is none';
comment on column explained_outcomes.definition_source is
'Where the definition of the metric comes from';
comment on view explained_targets is
'One target of a school with the step that leads to it from the year before';
comment on column explained_targets.not_meeting_before_pct is
'Share not meeting in the year before: the target of that year, or the baseline';
comment on column explained_targets.decreases_so_far_pct is
'Sum of the decreases from the baseline to this year';
comment on column explained_targets.derivation is
'The target as a product of the share before and the decrease';
