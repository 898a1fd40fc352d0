-- Gaps in a school that are wider than chance and the printed ranges explain, and to
-- the disadvantage of the group, ranked within state, year, metric and group. Without
-- counts the interval is of the printed ranges alone, and chance is not in it.
with gaps as (
    select * from {{ as_seen_by('partner', 'group_gaps') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

certain as (
    select
        gap.*,
        metric.label,
        metric.direction,
        if(
            metric.direction = 'lower',
            gap.interval_low_points, -gap.interval_high_points
        ) as certain_points
    from gaps as gap
    inner join metrics as metric
        on gap.metric_id = metric.metric_id
    where
        gap.is_preferred
        and gap.gap = if(metric.direction = 'lower', 'higher', 'lower')
),

ranked as (
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
    from certain
)

select * from ranked
