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

-- Coalitions side by side, where at least two have a number of one comparability class.
-- A number that no other coalition has by the same definition is not in it: numbers by
-- two definitions are never a comparison (coalition_definition_notes says which).
create view coalition_comparison as
with usable as (
    select
        metric.comparability_class,
        outcome.*,
        coalition.coalition_name,
        coalition.kind,
        metric.label,
        metric.definition_id,
        round(100.0 * outcome.members_reporting_count / outcome.members_count, 1)
            as coverage_pct
    from coalition_outcomes as outcome
    inner join dim_metric as metric
        on outcome.metric_id = metric.metric_id
    inner join dim_coalition as coalition
        on outcome.coalition_id = coalition.coalition_id
    where outcome.value_status in ('reported', 'range')
),

sized as (
    select
        class.comparability_class,
        class.school_year,
        class.student_group,
        count(distinct class.coalition_id) as coalitions_count
    from usable as class
    group by class.comparability_class, class.school_year, class.student_group
)

select
    usable.comparability_class,
    usable.school_year,
    usable.metric_id,
    usable.label,
    usable.definition_id,
    usable.student_group,
    usable.coalition_id,
    usable.coalition_name,
    usable.kind,
    usable.numerator,
    usable.denominator,
    usable.value_pct,
    coalesce(usable.value_low_pct, usable.value_pct) as lowest_pct,
    coalesce(usable.value_high_pct, usable.value_pct) as highest_pct,
    usable.value_status,
    usable.members_reporting_count,
    usable.members_count,
    usable.coverage_pct,
    usable.states_reporting_count,
    usable.states_count,
    sized.coalitions_count
from usable
inner join sized
    on
        usable.comparability_class = sized.comparability_class
        and usable.school_year = sized.school_year
        and usable.student_group = sized.student_group
where sized.coalitions_count > 1;

comment on view coalition_comparison is
'Coalitions side by side, only where two or more have a number by one definition';
comment on column coalition_comparison.comparability_class is
'Numbers of one class follow one definition and may be held against each other';
comment on column coalition_comparison.denominator is
'Students of the reporting members';
comment on column coalition_comparison.value_status is
'reported, or range where a member prints a range';
comment on column coalition_comparison.states_count is
'States of the coalition in that year';
comment on column coalition_comparison.lowest_pct is
'Lowest pooled rate that the members allow; equal to the highest where it is exact';
comment on column coalition_comparison.highest_pct is
'Highest pooled rate that the members allow';
comment on column coalition_comparison.coverage_pct is
'Member schools whose counts are in the rate, of all member schools of the year';
comment on column coalition_comparison.coalitions_count is
'Coalitions with a number of this class, year and student group';
