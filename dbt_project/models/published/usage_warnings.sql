-- What a user of a number must know, one row for each metric it is about, so that a
-- join finds it: the notes of the seed, the breaks, which cut targets as well, and what
-- was found in the records of students.
with metrics as (
    select * from {{ ref('metrics') }}
),

notes as (
    select * from {{ ref('usage_notes') }}
),

breaks as (
    select * from {{ ref('metric_breaks') }}
),

computed as (
    select * from {{ ref('int_computed_counts') }}
),

set_aside_counts as (
    select * from {{ ref('int_set_aside_counts') }}
),

people_under_two_ids as (
    select * from {{ ref('int_people_under_two_ids') }}
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
        notes.evidence
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
        evidence
    from breaks
),

-- How many students were set aside is for nobody but the lake: in a small school it
-- would tell the width of a range that is hidden.
set_aside as (
    select distinct
        'students_set_aside_' || lower(state) as warning_id,
        metric_id,
        state,
        'computed' as provider,
        'range' as value_status,
        cast(null as integer) as max_denominator,
        cast(null as integer) as first_year,
        cast(null as integer) as last_year,
        'caution' as severity,
        'Rows of students could not be read or told apart: those students are set '
        || 'aside, and the rate lies between none and all of them counted. Send the '
        || 'file again with these rows mended.' as text,
        'Rows set aside' as reason,
        'docs/decisions/0042' as source,
        'measured' as evidence
    from set_aside_counts
),

under_two_ids as (
    select distinct
        'people_under_two_ids_' || lower(people_under_two_ids.state) as warning_id,
        computed.metric_id,
        people_under_two_ids.state,
        'computed' as provider,
        cast(null as varchar) as value_status,
        cast(null as integer) as max_denominator,
        cast(null as integer) as first_year,
        cast(null as integer) as last_year,
        'caution' as severity,
        people_under_two_ids.people_count || ' of '
        || people_under_two_ids.people_named_count || ' people with a name and a date '
        || 'of birth stand under two ids: each may look like one who left and one who '
        || 'came. Let the state merge the ids.' as text,
        'Ids of students' as reason,
        'int_people_under_two_ids' as source,
        'measured' as evidence
    from people_under_two_ids
    inner join computed
        on people_under_two_ids.state = computed.state
),

listed as (
    select * from spread
    union all
    select * from broken
    union all
    select * from set_aside
    union all
    select * from under_two_ids
)

select * from listed
