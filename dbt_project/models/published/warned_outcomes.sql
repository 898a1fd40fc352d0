-- Every outcome of a school with each warning that bears on it; an outcome without one
-- is not in it.
with outcomes as (
    select * from {{ as_seen_by('partner', 'school_outcomes') }}
),

warnings as (
    select * from {{ ref('usage_warnings') }}
),

warned as (
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
    from outcomes as outcome
    inner join warnings as warning
        on
            outcome.metric_id = warning.metric_id
            and warning.state in (outcome.state, '*')
            and coalesce(warning.provider, outcome.provider) = outcome.provider
            and coalesce(warning.value_status, outcome.value_status)
            = outcome.value_status
            and outcome.school_year >= coalesce(warning.first_year, 0)
            and outcome.school_year <= coalesce(warning.last_year, 9999)
            and (
                warning.max_denominator is null
                or outcome.denominator <= warning.max_denominator
            )
)

select * from warned
