-- Two states side by side, in one year and group, and inside one comparability class
-- alone. A value whose definition the registry does not know for its metric stands
-- beside nothing. Ranges are subtracted by their bounds.
with outcomes as (
    select * from {{ as_seen_by('partner', 'state_outcomes') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

breaks as (
    select * from {{ ref('metric_breaks') }}
),

rated as (
    select
        outcome.*,
        metric.comparability_class,
        coalesce(outcome.value_low_pct, outcome.value_pct) as low_pct,
        coalesce(outcome.value_high_pct, outcome.value_pct) as high_pct,
        -- A break before this year: the state's earlier values were counted otherwise.
        (
            select max(change.first_year)
            from breaks as change
            where
                change.state in (outcome.state, '*')
                and change.metric_id = outcome.metric_id
                and coalesce(change.provider, outcome.provider) = outcome.provider
                and change.first_year <= outcome.school_year
        ) as counted_since
    from outcomes as outcome
    inner join metrics as metric
        on
            outcome.metric_id = metric.metric_id
            and outcome.definition_id = metric.definition_id
    where outcome.is_preferred and outcome.value_status in ('reported', 'range')
),

paired as (
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
            and one.state < other.state
)

select * from paired
