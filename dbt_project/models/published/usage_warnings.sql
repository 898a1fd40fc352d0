-- What a user of a number must know, one row for each metric it is about, so that a
-- join finds it: the notes of the seed and the breaks, which cut targets as well.
with metrics as (
    select * from {{ ref('metrics') }}
),

notes as (
    select * from {{ ref('usage_notes') }}
),

breaks as (
    select * from {{ ref('metric_breaks') }}
),

spread as (
    select
        notes.warning_id,
        metrics.metric_id,
        notes.state,
        notes.provider,
        notes.value_status,
        notes.max_denominator,
        notes.first_year,
        notes.last_year,
        notes.severity,
        notes.text,
        notes.reason,
        notes.source,
        notes.evidence,
    from notes
    inner join metrics
        on
            coalesce(notes.metric_id, metrics.metric_id) = metrics.metric_id
            and coalesce(notes.subject, metrics.subject) = metrics.subject
),

broken as (
    select
        'break_' || lower(state) || '_' || metric_id || '_' || first_year as warning_id,
        metric_id,
        state,
        provider,
        cast(null as varchar) as value_status,
        cast(null as integer) as max_denominator,
        first_year,
        cast(null as integer) as last_year,
        'do_not_compare' as severity,
        'Counted otherwise from ' || first_year || ' on; not beside earlier years. '
        || description || '.' as text,
        break_type as reason,
        source,
        evidence,
    from breaks
),

listed as (
    select * from spread
    union all
    select * from broken
)

select * from listed
