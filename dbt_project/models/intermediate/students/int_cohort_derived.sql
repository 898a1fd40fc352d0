-- What became of each member of a cohort, from enrolment records: graduate, dropout,
-- other completer or still enrolled. Who left the cohort has no row.
with standings as (
    select * from {{ ref('int_cohort_standings') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

-- Open at the cutoff in the last year: still enrolled, whatever comes after. Ended an
-- earlier year and did not come back, or moved in the state and did not arrive: of
-- unknown whereabouts (NCES: unaccounted for; RIDE: unknown counts as dropout).
accounted as (
    select
        standings.*,
        rules.extended_cohort_readjusts,
        case
            when
                standings.standing = 'continues'
                and standings.school_year = standings.horizon_school_year
                and not (
                    rules.no_show_looks_ahead
                    and standings.last_record_year > standings.horizon_school_year
                    and coalesce(standings.next_school_year, 0)
                    <> standings.horizon_school_year + 1
                )
                then 'still_enrolled'
            when
                standings.standing = 'moves'
                and standings.school_year = standings.horizon_school_year
                and standings.next_school_year = standings.horizon_school_year + 1
                then 'still_enrolled'
            when
                standings.standing = 'moves'
                and rules.move_without_arrival_leaves_cohort
                then 'leaves_cohort'
            when standings.standing in ('continues', 'moves')
                then if(rules.unknown_drops_out, 'dropout', 'other_leaver')
            else standings.standing
        end as fate
    from standings
    inner join rules
        on standings.state = rules.state
),

compared as (
    select
        *,
        max(case when horizon_years = 4 then fate end) over (
            partition by state, student_key
        ) as fate_at_four
    from accounted
),

-- The cohort of the extended rates follows who comes and leaves in years 5 and 6 (RIDE
-- on its cohort rates); by the switch it stays that of year 4.
adjusted as (
    select
        *,
        case
            when
                not extended_cohort_readjusts
                and fate = 'leaves_cohort'
                and fate_at_four <> 'leaves_cohort'
                then 'other_leaver'
            when
                not extended_cohort_readjusts
                and coalesce(fate_at_four, 'leaves_cohort') = 'leaves_cohort'
                then 'leaves_cohort'
            else fate
        end as outcome
    from compared
),

remaining as (
    select
        state,
        student_key,
        cohort_year,
        horizon_years,
        horizon_school_year,
        first_school_year,
        lea_id_state,
        school_id_state,
        outcome,
        is_school_observed,
        origin
    from adjusted
    where outcome <> 'leaves_cohort'
)

select * from remaining
