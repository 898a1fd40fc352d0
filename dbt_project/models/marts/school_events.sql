-- What happened to schools. A school that an extract names in one year and not in the
-- next that came is an event, not a gap that nobody sees: it waits for a review until
-- the seed known_school_events says what happened, or school_id_changes that the school
-- goes on under another id.
with appearances as (
    select * from {{ ref('int_school_appearances') }}
),

schools as (
    select * from {{ ref('dim_school') }}
),

known_events as (
    select * from {{ ref('known_school_events') }}
),

id_changes as (
    select * from {{ ref('school_id_changes') }}
),

noticed as (
    select
        provider,
        extract,
        state,
        school_key,
        case when named_before is null then 'first_named' else 'named_again' end
            as event_type,
        school_year,
    from appearances
    where year_before is not null and named_before is distinct from year_before
    union all
    select
        provider,
        extract,
        state,
        school_key,
        'no_longer_named' as event_type,
        year_after as school_year,
    from appearances
    where year_after is not null and named_after is distinct from year_after
),

reviewed as (
    select
        noticed.*,
        case when known_events.school_key is null then 'to_review' else 'explained' end
            as review_status,
        known_events.evidence,
    from noticed
    left join known_events
        on
            noticed.school_key = known_events.school_key
            and (
                known_events.event_type in ('closed', 'merged')
                and noticed.event_type = 'no_longer_named'
                and noticed.school_year >= known_events.school_year
                or known_events.event_type = 'opened'
                and noticed.event_type = 'first_named'
                and noticed.school_year >= known_events.school_year
            )
),

-- What is known by evidence stands in the table too.
together as (
    select * from reviewed
    union all by name
    select
        state,
        school_key,
        event_type,
        school_year,
        'explained' as review_status,
        evidence,
    from known_events
    union all by name
    select
        state,
        school_id_nces as school_key,
        'renumbered' as event_type,
        'explained' as review_status,
        printed_id || ': ' || reason || '. ' || source as evidence,
    from id_changes
),

described as (
    select
        together.state,
        together.school_key,
        schools.school_name,
        together.event_type,
        cast(together.school_year as integer) as school_year,
        together.provider,
        together.extract,
        together.review_status,
        together.evidence,
    from together
    inner join schools
        on together.school_key = schools.school_key
)

select * from described
