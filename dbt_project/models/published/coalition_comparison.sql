-- Coalitions side by side, where at least two have a number of one comparability class.
-- A number that no other coalition has by the same definition is not in it: numbers by
-- two definitions are never a comparison (coalition_definition_notes says which).
with outcomes as (
    select * from {{ as_seen_by('partner', 'coalition_outcomes') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

coalitions as (
    select * from {{ ref('dim_coalition') }}
),

usable as (
    select
        metric.comparability_class,
        outcome.*,
        coalition.coalition_name,
        coalition.kind,
        metric.label,
        metric.definition_id,
        round(100.0 * outcome.members_reporting_count / outcome.members_count, 1)
            as coverage_pct
    from outcomes as outcome
    inner join metrics as metric
        on outcome.metric_id = metric.metric_id
    inner join coalitions as coalition
        on outcome.coalition_id = coalition.coalition_id
    where outcome.value_status in ('reported', 'range')
),

sized as (
    select
        comparability_class,
        school_year,
        student_group,
        count(distinct coalition_id) as coalitions_count
    from usable
    group by comparability_class, school_year, student_group
),

compared as (
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
    where sized.coalitions_count > 1
)

select * from compared
