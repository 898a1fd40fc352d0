{{ config(materialized="view") }}

-- Common names for states, groups and schools. A school is known by its federal id
-- where the crosswalk has its state code, else by the state code, else by district
-- and name: no row is lost for want of an id.
with outcomes as (
    select * from {{ ref('int_outcomes_delivered') }}
),

states as (
    select * from {{ ref('states') }}
),

labels as (
    select * from {{ ref('student_group_labels') }}
),

codes as (
    select * from {{ ref('int_school_codes') }}
),

crosswalk as (
    select * from {{ ref('int_school_crosswalk') }}
),

-- Renumbered schools: both ids are one school, by evidence, never by likeness of name.
id_changes as (
    select * from {{ ref('school_id_changes') }}
),

coded as (
    select
        outcomes.*,
        states.state as state_code,
        labels.student_group,
        coalesce(outcomes.school_id_state, codes.school_id_state) as state_school_code,
    from outcomes
    left join states
        on outcomes.state in (states.state, states.state_fips)
    left join labels
        on
            outcomes.provider = labels.provider
            and outcomes.student_group_label = labels.student_group_label
    left join codes
        on
            outcomes.provider = codes.provider
            and outcomes.lea_id_state = codes.lea_id_state
            and outcomes.school_name = codes.school_name
),

by_state_code as (
    select
        coded.*,
        crosswalk.school_id_nces as crosswalk_school,
        crosswalk.lea_id_nces as crosswalk_lea,
    from coded
    left join crosswalk
        on
            coded.state_code = crosswalk.state
            and coded.state_school_code = crosswalk.school_id_state
),

by_federal_id as (
    select
        by_state_code.*,
        crosswalk.school_id_state as crosswalk_code,
    from by_state_code
    left join crosswalk
        on by_state_code.school_id_nces = crosswalk.school_id_nces
),

identified as (
    select
        by_federal_id.*,
        coalesce(
            id_changes.school_id_nces,
            by_federal_id.school_id_nces,
            by_federal_id.crosswalk_school
        ) as known_school,
    from by_federal_id
    left join id_changes
        on
            by_federal_id.state_code = id_changes.state
            and coalesce(
                by_federal_id.school_id_nces,
                by_federal_id.crosswalk_school,
                by_federal_id.state_school_code
            ) = id_changes.printed_id
),

conformed as (
    select
        provider,
        extract,
        level,
        state_code as state,
        known_school as school_id_nces,
        coalesce(state_school_code, crosswalk_code) as school_id_state,
        coalesce(lea_id_nces, crosswalk_lea) as lea_id_nces,
        lea_id_state,
        lea_name,
        school_name,
        case
            when level = 'school' then coalesce(
                known_school,
                state_code || '-' || state_school_code,
                state_code || '-' || lea_id_state || '-' || school_name
            )
        end as school_key,
        school_year,
        metric_id,
        student_group,
        numerator,
        denominator,
        value_pct,
        value_low_pct,
        value_high_pct,
        lowest_pct,
        highest_pct,
        value_status,
        definition_id,
        visibility,
        data_as_of,
        source_file,
        source_row,
        delivery,
        landed_at,
    from identified
)

select * from conformed
