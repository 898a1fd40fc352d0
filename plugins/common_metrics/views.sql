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

-- Every outcome with the time in which it was the newest: what stands in the outcome
-- tables today, and beside it what was replaced. A number has its time from the receipt
-- of its file; one without a file (computed, or a year that did not come) is of now, and
-- its time begins with the newest delivery.
create view outcome_history as
with held as (
    select 'school' as level, school_key, school_name, * exclude (school_key, school_name)
    from school_outcomes
    union all by name
    select 'lea' as level, lea_key as school_key, lea_name as school_name,
        * exclude (lea_key, lea_name)
    from lea_outcomes
    union all by name
    select 'state' as level, *
    from state_outcomes
),

newest as (
    select max(landed_at) as landed_at
    from deliveries
    where status = 'validated'
)

select
    held.provider,
    held.extract,
    held.level,
    held.state,
    held.school_key,
    held.school_name,
    held.school_year,
    held.metric_id,
    held.student_group,
    held.numerator,
    held.denominator,
    held.value_pct,
    held.value_low_pct,
    held.value_high_pct,
    held.value_status,
    held.definition_id,
    held.visibility,
    held.source_file,
    held.source_row,
    coalesce(version.sha256, delivery.sha256) as sha256,
    coalesce(version.valid_from, delivery.landed_at, newest.landed_at) as valid_from,
    version.valid_to,
from held
cross join newest
left join deliveries as delivery
    on
        held.provider = delivery.provider
        and held.extract = delivery.extract
        and held.source_file = delivery.file
        and held.delivery = left(delivery.sha256, 8)
left join outcome_versions as version
    on
        version.valid_to is null
        and held.provider = version.provider
        and held.level = version.level
        and held.state = version.state
        and held.school_key is not distinct from version.school_key
        and held.school_year = version.school_year
        and held.metric_id = version.metric_id
        and held.student_group = version.student_group
union all by name
select * exclude (version)
from outcome_versions
where valid_to is not null and value_status <> 'withdrawn';

-- What had landed by a moment, as the rules of today read it.
create macro outcomes_as_of(moment) as table
select *
from outcome_history
where
    valid_from <= cast(moment as timestamp)
    and coalesce(valid_to > cast(moment as timestamp), true);

comment on view outcome_history is
'Every outcome with the time in which it was the newest, replaced ones too';
comment on macro table outcomes_as_of is
'Outcomes as what had landed by a moment gives them, by the rules of today';
