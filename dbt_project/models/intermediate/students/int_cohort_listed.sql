-- Cohorts that a state lists itself (Rhode Island's exit classes), in the same form as
-- the derived ones. A listing tells of the years up to its own, and of those up to the
-- latest graduation in it; of several listings of a class the earliest that reaches a
-- horizon speaks for it.
with {{ current_records('int_listed_cohorts') }},

codes as (
    select * from {{ ref('listed_outcome_codes') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

students_set_aside as (
    select * from {{ ref('int_students_set_aside') }}
),

horizons as (
    select years.horizon_years
    from (values (4), (5), (6)) as years (horizon_years)
),

delivered as (
    select
        current_records.*,
        deliveries.school_year as listing_year,
        coalesce(codes.outcome_category, 'unknown') as outcome_category,
        codes.graduated_in_years
    from current_records
    inner join deliveries
        on
            current_records.provider = deliveries.provider
            and current_records.extract = deliveries.extract
            and current_records.delivery = deliveries.delivery
    left join codes
        on
            current_records.provider = codes.provider
            and current_records.extract = codes.extract
            and current_records.outcome_code = codes.outcome_code
    anti join students_set_aside
        on
            current_records.state = students_set_aside.state
            and current_records.student_key = students_set_aside.student_key
            and students_set_aside.records = 'listing'
),

listings as (
    select
        state,
        cohort_year,
        delivery,
        least(6, greatest(
            4,
            coalesce(max(listing_year), 0) - cohort_year + 4,
            coalesce(max(graduated_in_years), 4)
        )) as reaches_years
    from delivered
    group by state, cohort_year, delivery
),

reaching as (
    select
        delivered.*,
        horizons.horizon_years,
        listings.reaches_years
    from delivered
    inner join listings
        on
            delivered.state = listings.state
            and delivered.cohort_year = listings.cohort_year
            and delivered.delivery = listings.delivery
    inner join horizons
        on listings.reaches_years >= horizons.horizon_years
),

speaking as (
    select * from reaching
    qualify row_number() over (
        partition by state, cohort_year, student_key, horizon_years
        order by
            reaches_years asc nulls last,
            landed_at desc nulls last,
            source_file desc nulls last,
            outcome_code asc nulls last,
            school_id_state asc nulls last,
            source_row desc nulls last
    ) = 1
),

-- RIDE counts dropped out, invalid and unknown as dropouts.
judged as (
    select
        speaking.state,
        speaking.student_key,
        speaking.cohort_year,
        speaking.horizon_years,
        speaking.cohort_year + speaking.horizon_years - 4 as horizon_school_year,
        speaking.cohort_year - 3 as first_school_year,
        speaking.lea_id_state,
        speaking.school_id_state,
        case
            when speaking.outcome_category = 'graduates'
                then if(
                    coalesce(speaking.graduated_in_years, 4) <= speaking.horizon_years,
                    'graduate', 'still_enrolled'
                )
            when speaking.outcome_category = 'drops_out' then 'dropout'
            when speaking.outcome_category = 'other_credential' then 'other_completer'
            when speaking.outcome_category = 'max_age'
                then if(rules.max_age_drops_out, 'dropout', 'other_leaver')
            when speaking.outcome_category = 'unknown'
                then if(rules.unknown_drops_out, 'dropout', 'other_leaver')
            else speaking.outcome_category
        end as outcome,
        true as is_school_observed,
        speaking.origin
    from speaking
    inner join rules
        on speaking.state = rules.state
),

remaining as (
    select * from judged
    where outcome <> 'leaves_cohort'
)

select * from remaining
