-- Views of a published file: what is behind each number, in one row. The comment of a
-- column ends with the unit of a number, in brackets; a column without one here has that of
-- the first table in the view's text that has a column of its name.

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
        when outcome.value_status = 'suppressed' then 'hidden: few students, or a number of few would follow from it'
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
'Lowest share not meeting that the rule allows in the year before, or of the baseline [per cent]';
comment on column explained_targets.not_meeting_before_high_pct is
'Highest share not meeting that the rule allows in the year before, or of the baseline [per cent]';
comment on column explained_targets.decreases_so_far_pct is
'Sum of the decreases from the baseline to this year [per cent]';
comment on column explained_targets.derivation is
'The share not meeting as a product of the share before and the decrease, and why it is another';

-- Two states side by side, in one year and group, and inside one comparability class
-- alone. A value whose definition the registry does not know for its metric stands beside
-- nothing. Ranges are subtracted by their bounds.
create view state_comparison as
with rated as (
    select
        outcome.*,
        metric.comparability_class,
        coalesce(outcome.value_low_pct, outcome.value_pct) as low_pct,
        coalesce(outcome.value_high_pct, outcome.value_pct) as high_pct,
        -- A break before this year: the state's earlier values were counted otherwise.
        (
            select max(change.first_year)
            from metric_breaks as change
            where
                change.state in (outcome.state, '*')
                and change.metric_id = outcome.metric_id
                and coalesce(change.provider, outcome.provider) = outcome.provider
                and change.first_year <= outcome.school_year
        ) as counted_since
    from state_outcomes as outcome
    inner join dim_metric as metric
        on
            outcome.metric_id = metric.metric_id
            and outcome.definition_id = metric.definition_id
    where outcome.is_preferred and outcome.value_status in ('reported', 'range')
)

select
    one.comparability_class,
    one.school_year,
    one.student_group,
    one.metric_id,
    one.state,
    one.value_status,
    one.value_pct,
    one.value_low_pct,
    one.value_high_pct,
    one.provider,
    one.counted_since,
    other.metric_id as other_metric_id,
    other.state as other_state,
    other.value_status as other_value_status,
    other.value_pct as other_value_pct,
    other.value_low_pct as other_value_low_pct,
    other.value_high_pct as other_value_high_pct,
    other.provider as other_provider,
    other.counted_since as other_counted_since,
    round(one.low_pct - other.high_pct, 6) as difference_low_points,
    round(one.high_pct - other.low_pct, 6) as difference_high_points
from rated as one
inner join rated as other
    on
        one.comparability_class = other.comparability_class
        and one.school_year = other.school_year
        and one.student_group = other.student_group
        and one.state < other.state;

comment on view state_comparison is
'Two states side by side in one year and group; only inside one comparability class';
comment on column state_comparison.state is
'Postal code of the state';
comment on column state_comparison.metric_id is
'Metric, see dim_metric; another definition is another metric';
comment on column state_comparison.provider is
'Who published its number';
comment on column state_comparison.counted_since is
'First year since when the state counts the metric as now; null where no break is known [year]';
comment on column state_comparison.other_state is
'The state beside it';
comment on column state_comparison.other_metric_id is
'Its metric, of the same comparability class';
comment on column state_comparison.other_value_status is
'value_status there';
comment on column state_comparison.other_value_pct is
'Rate there [per cent]';
comment on column state_comparison.other_value_low_pct is
'Lower bound there [per cent]';
comment on column state_comparison.other_value_high_pct is
'Upper bound there [per cent]';
comment on column state_comparison.other_provider is
'Who published it';
comment on column state_comparison.other_counted_since is
'First year since when the other state counts as now; null where no break is known [year]';
comment on column state_comparison.difference_low_points is
'State less other state, in percentage points: the least that the prints allow [percentage points]';
comment on column state_comparison.difference_high_points is
'State less other state, in percentage points: the most that the prints allow [percentage points]';

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
'Students of the reporting members [students]';
comment on column coalition_comparison.value_status is
'reported, or range where a member prints a range';
comment on column coalition_comparison.states_count is
'States of the coalition in that year [states]';
comment on column coalition_comparison.lowest_pct is
'Lowest pooled rate that the members allow; equal to the highest where it is exact [per cent]';
comment on column coalition_comparison.highest_pct is
'Highest pooled rate that the members allow [per cent]';
comment on column coalition_comparison.coverage_pct is
'Member schools whose counts are in the rate, of all member schools of the year [per cent]';
comment on column coalition_comparison.coalitions_count is
'Coalitions with a number of this class, year and student group [coalitions]';

-- Every outcome of a school with each warning that bears on it; an outcome without one is
-- not in it.
create view warned_outcomes as
select
    outcome.school_key,
    outcome.school_name,
    outcome.state,
    outcome.school_year,
    outcome.metric_id,
    outcome.student_group,
    outcome.provider,
    outcome.value_status,
    outcome.is_preferred,
    warning.warning_id,
    warning.severity,
    warning.text,
    warning.reason,
    warning.source,
    warning.evidence
from school_outcomes as outcome
inner join usage_warnings as warning
    on
        outcome.metric_id = warning.metric_id
        and warning.state in (outcome.state, '*')
        and coalesce(warning.provider, outcome.provider) = outcome.provider
        and coalesce(warning.value_status, outcome.value_status) = outcome.value_status
        and outcome.school_year >= coalesce(warning.first_year, 0)
        and outcome.school_year <= coalesce(warning.last_year, 9999)
        and (
            warning.max_denominator is null
            or outcome.denominator <= warning.max_denominator
        );

comment on view warned_outcomes is
'Each outcome of a school with each warning that bears on it, see usage_warnings';
comment on column warned_outcomes.value_status is
'Status of the number that is warned of';
comment on column warned_outcomes.text is
'The warning in a sentence';

-- A school year by year: what came, what was asked for, what became of it and where it is
-- from. A year has a row for each model of targets, or one without a target. Years to come
-- have a target alone.
create view school_history as
with years as (
    select school_key, metric_id, student_group, school_year
    from school_outcomes
    where is_preferred
    union
    select school_key, metric_id, student_group, school_year
    from school_targets
),

warned as (
    select
        school_key,
        metric_id,
        student_group,
        school_year,
        string_agg(distinct warning_id, ', ' order by warning_id) as warning_ids
    from warned_outcomes
    where is_preferred
    group by all
)

select
    years.school_key,
    school.school_name,
    school.lea_name,
    school.state,
    years.metric_id,
    metric.label,
    metric.direction,
    years.student_group,
    years.school_year,
    outcome.value_status,
    outcome.value_pct,
    outcome.value_low_pct,
    outcome.value_high_pct,
    outcome.numerator,
    outcome.denominator,
    target.target_model,
    target.baseline_year,
    target.baseline_status,
    target.target_pct,
    target.target_low_pct,
    target.target_high_pct,
    target.goal_pct,
    status.interval_low_pct,
    status.interval_high_pct,
    status.verdict,
    warned.warning_ids,
    outcome.provider,
    outcome.definition_id,
    outcome.source_file,
    outcome.source_sheet,
    outcome.source_row,
    outcome.data_as_of
from years
left join school_outcomes as outcome
    on
        years.school_key = outcome.school_key
        and years.metric_id = outcome.metric_id
        and years.student_group = outcome.student_group
        and years.school_year = outcome.school_year
        and outcome.is_preferred
left join school_targets as target
    on
        years.school_key = target.school_key
        and years.metric_id = target.metric_id
        and years.student_group = target.student_group
        and years.school_year = target.school_year
left join school_target_status as status
    on
        target.school_key = status.school_key
        and target.metric_id = status.metric_id
        and target.student_group = status.student_group
        and target.school_year = status.school_year
        and target.target_model = status.target_model
left join warned
    on
        years.school_key = warned.school_key
        and years.metric_id = warned.metric_id
        and years.student_group = warned.student_group
        and years.school_year = warned.school_year
left join dim_school as school
    on years.school_key = school.school_key
left join dim_metric as metric
    on years.metric_id = metric.metric_id;

comment on view school_history is
'A school year by year: its number, target, goal, verdict, warnings and source in one row';
comment on column school_history.warning_ids is
'Warnings that bear on the number, see usage_warnings; null where there is none';
comment on column school_history.provider is
'Who published the number; the preferred row of the year';

-- Schools that do not meet their target of the year, with the points that are missing. In
-- a table of one metric, group, year and model of targets the last one is the furthest off.
create view schools_off_track as
with off as (
    select
        status.*,
        status.school_year = max(status.school_year) over (
            partition by status.state, status.metric_id, status.target_model
        ) as is_newest_year,
        metric.label,
        metric.direction,
        if(metric.direction = 'lower', -1, 1) as sign,
        coalesce(status.value_low_pct, status.value_pct) as low_pct,
        coalesce(status.value_high_pct, status.value_pct) as high_pct
    from school_target_status as status
    inner join dim_metric as metric
        on status.metric_id = metric.metric_id
    where status.verdict in ('at_goal', 'on_track', 'off_track', 'cannot_tell')
)

select
    off.school_key,
    school.school_name,
    school.lea_name,
    off.state,
    off.metric_id,
    off.label,
    off.direction,
    off.student_group,
    off.school_year,
    off.is_newest_year,
    off.target_model,
    off.value_pct,
    off.value_low_pct,
    off.value_high_pct,
    off.interval_low_pct,
    off.interval_high_pct,
    off.target_pct,
    off.target_low_pct,
    off.target_high_pct,
    off.goal_pct,
    round(
        if(off.sign = 1, off.target_low_pct - off.high_pct, off.low_pct - off.target_high_pct),
        6
    ) as missing_low_points,
    round(
        if(off.sign = 1, off.target_high_pct - off.low_pct, off.high_pct - off.target_low_pct),
        6
    ) as missing_high_points,
    off.provider
from off
left join dim_school as school
    on off.school_key = school.school_key
where off.verdict = 'off_track';

comment on view schools_off_track is
'Schools that do not meet their target of the year, and by how much';
comment on column schools_off_track.is_newest_year is
'True in the newest year in which any school of the state is held against this target';
comment on column schools_off_track.missing_low_points is
'Percentage points missing to the target: the least that the prints allow [percentage points]';
comment on column schools_off_track.missing_high_points is
'Percentage points missing to the target: the most that the prints allow; equal where the number is exact [percentage points]';

-- Gaps in a school that are wider than chance and the printed ranges explain, and to the
-- disadvantage of the group, ranked within state, year, metric and group. Without counts
-- the interval is of the printed ranges alone, and chance is not in it.
create view widest_gaps as
with certain as (
    select
        gap.*,
        metric.label,
        metric.direction,
        if(metric.direction = 'lower', gap.interval_low_points, -gap.interval_high_points)
            as certain_points
    from group_gaps as gap
    inner join dim_metric as metric
        on gap.metric_id = metric.metric_id
    where
        gap.is_preferred
        and gap.gap = if(metric.direction = 'lower', 'higher', 'lower')
)

select
    school_key,
    school_name,
    state,
    metric_id,
    label,
    direction,
    student_group,
    complement_group,
    school_year,
    value_status,
    gap_low_points,
    gap_high_points,
    interval_low_points,
    interval_high_points,
    certain_points,
    rank() over (
        partition by state, school_year, metric_id, student_group
        order by certain_points desc
    ) as gap_rank,
    provider
from certain;

comment on view widest_gaps is
'Gaps within a school to the disadvantage of a group, beyond chance and the printed ranges';
comment on column widest_gaps.certain_points is
'Percentage points of the gap that remain at the near end of its interval [percentage points]';
comment on column widest_gaps.gap_rank is
'1 = widest certain gap of the state, year, metric and group; equal gaps share a rank [rank]';
comment on column widest_gaps.value_status is
'reported (both rates exact) or range (chance is then not in the interval)';

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
