-- A school year by year: what came, what was asked for, what became of it and where it
-- is from. A year has a row for each model of targets, or one without a target. Years
-- to come have a target alone.
with outcomes as (
    select * from {{ as_seen_by('partner', 'school_outcomes') }}
    where is_preferred
),

targets as (
    select * from {{ as_seen_by('partner', 'school_targets') }}
),

statuses as (
    select * from {{ as_seen_by('partner', 'school_target_status') }}
),

warnings as (
    select * from {{ ref('warned_outcomes') }}
    where is_preferred
),

schools as (
    select * from {{ ref('dim_school') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

years as (
    select
        school_key,
        metric_id,
        student_group,
        school_year
    from outcomes
    union
    select
        school_key,
        metric_id,
        student_group,
        school_year
    from targets
),

warned as (
    select
        school_key,
        metric_id,
        student_group,
        school_year,
        string_agg(distinct warning_id, ', ' order by warning_id) as warning_ids
    from warnings
    group by all
),

joined as (
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
        round(outcome.value_pct, 1) as value_printed_pct,
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
        status.reached,
        status.firmness,
        status.verdict,
        status.students_count,
        status.students_count_provider,
        warned.warning_ids,
        outcome.provider,
        outcome.definition_id,
        outcome.source_file,
        outcome.source_sheet,
        outcome.source_row,
        outcome.data_as_of
    from years
    left join outcomes as outcome
        on
            years.school_key = outcome.school_key
            and years.metric_id = outcome.metric_id
            and years.student_group = outcome.student_group
            and years.school_year = outcome.school_year
    left join targets as target
        on
            years.school_key = target.school_key
            and years.metric_id = target.metric_id
            and years.student_group = target.student_group
            and years.school_year = target.school_year
    left join statuses as status
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
    left join schools as school
        on years.school_key = school.school_key
    left join metrics as metric
        on years.metric_id = metric.metric_id
)

select * from joined
