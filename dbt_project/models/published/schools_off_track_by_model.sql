-- Schools that are surely short of their target of the year, with the points that are
-- missing. In a table of one metric, group, year and model of targets the last one is
-- the furthest off.
with statuses as (
    select * from {{ as_seen_by('partner', 'school_target_status') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

schools as (
    select * from {{ ref('dim_school') }}
),

judged as (
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
    from statuses as status
    inner join metrics as metric
        on status.metric_id = metric.metric_id
    where status.verdict in ('at_goal', 'on_track', 'off_track', 'cannot_tell')
),

measured as (
    select
        judged.school_key,
        school.school_name,
        school.lea_name,
        judged.state,
        school.is_consortium_state,
        judged.metric_id,
        judged.label,
        judged.direction,
        judged.student_group,
        judged.school_year,
        judged.is_newest_year,
        judged.target_model,
        judged.value_pct,
        round(judged.value_pct, 1) as value_printed_pct,
        judged.value_low_pct,
        judged.value_high_pct,
        judged.interval_low_pct,
        judged.interval_high_pct,
        judged.target_pct,
        judged.target_low_pct,
        judged.target_high_pct,
        judged.goal_pct,
        round(
            if(
                judged.sign = 1,
                judged.target_low_pct - judged.high_pct,
                judged.low_pct - judged.target_high_pct
            ),
            6
        ) as missing_low_points,
        round(
            if(
                judged.sign = 1,
                judged.target_high_pct - judged.low_pct,
                judged.high_pct - judged.target_low_pct
            ),
            6
        ) as missing_high_points,
        judged.provider
    from judged
    left join schools as school
        on judged.school_key = school.school_key
    where judged.verdict = 'off_track'
)

select * from measured
