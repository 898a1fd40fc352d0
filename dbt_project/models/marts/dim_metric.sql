-- One row a metric, with the goal that is current; metric_goals has the others.
with metrics as (
    select * from {{ ref('metrics') }}
),

goals as (
    select * from {{ ref('metric_goals') }}
    where is_current
),

described as (
    select
        metrics.metric_id,
        metrics.label,
        metrics.direction,
        cast(metrics.horizon_years as integer) as horizon_years,
        metrics.numerator_definition,
        metrics.denominator_definition,
        metrics.definition_id,
        cast(goals.goal_pct as double) as goal_pct,
        cast(goals.goal_version as integer) as goal_version,
        goals.reason as goal_reason,
        metrics.unit,
        metrics.comparability_class,
        metrics.has_targets,
        metrics.source,
        metrics.evidence,
        metrics.subject,
        goals.comparison as goal_comparison,
        goals.document as goal_document,
        goals.source as goal_source,
        goals.evidence as goal_evidence,
        metrics.is_of_high_schools
    from metrics
    left join goals
        on metrics.metric_id = goals.metric_id
)

select * from described
