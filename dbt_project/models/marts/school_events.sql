-- What happened to schools. A school that an extract names in one year and not in the
-- next that came is an event, not a gap that nobody sees: it waits for a review until
-- the seed known_school_events says what happened, or school_id_changes that the school
-- goes on under another id. So do two keys that are probably one school, until
-- school_id_changes makes them one or known_school_events says that they are two.
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

candidates as (
    select * from {{ ref('int_school_candidates') }}
),

noticed as (
    select
        provider,
        extract,
        state,
        school_key,
        case when named_before is null then 'first_named' else 'named_again' end
            as event_type,
        school_year
    from appearances
    where year_before is not null and named_before is distinct from year_before
    union all
    select
        provider,
        extract,
        state,
        school_key,
        'no_longer_named' as event_type,
        year_after as school_year
    from appearances
    where year_after is not null and named_after is distinct from year_after
),

reviewed as (
    select
        noticed.*,
        case when known_events.school_key is null then 'to_review' else 'explained' end
            as review_status,
        known_events.evidence
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

probable as (
    select
        candidates.state,
        candidates.school_key,
        candidates.other_school_key,
        'maybe_renumbered' as event_type,
        case when known_events.school_key is null then 'to_review' else 'explained' end
            as review_status,
        coalesce(known_events.evidence, 'No year with both, ' || candidates.likeness)
            as evidence
    from candidates
    left join known_events
        on
            known_events.event_type = 'other_school'
            and (
                candidates.school_key = known_events.school_key
                and candidates.other_school_key = known_events.successor_key
                or candidates.school_key = known_events.successor_key
                and candidates.other_school_key = known_events.school_key
            )
),

-- What is known by evidence stands in the table too.
together as (
    select * from reviewed
    union all by name
    select * from probable
    union all by name
    select
        state,
        school_key,
        event_type,
        school_year,
        'explained' as review_status,
        evidence,
        successor_key as other_school_key
    from known_events
    where event_type <> 'other_school'
    union all by name
    select
        state,
        coalesce(school_id_nces, state || '-' || school_id_state) as school_key,
        'renumbered' as event_type,
        'explained' as review_status,
        printed_id || ': ' || reason || '. ' || source as evidence
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
        together.other_school_key
    from together
    inner join schools
        on together.school_key = schools.school_key
)

select * from described
