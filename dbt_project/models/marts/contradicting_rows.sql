-- Rows that say which school a number is of, or who belongs to the League, and that
-- contradict another row or themselves. They stop nobody else: what is done with each
-- is said beside it, and the publisher of the row has to mend it.
with crosswalk as (
    select * from {{ ref('int_school_crosswalk_judged') }}
    where contradiction is not null
),

members as (
    select * from {{ ref('league_membership') }}
),

federal as (
    select * from {{ ref('stg_us__edfacts_acgr') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

states as (
    select * from {{ ref('states') }}
),

overlapping as (
    select
        one.source_file,
        one.source_row,
        string_agg(
            other.source_file || ' row ' || other.source_row, ', '
            order by other.source_file, other.source_row
        ) as other_rows
    from members as one
    inner join members as other
        on
            one.school_key = other.school_key
            and one.first_day <> other.first_day
            and one.first_day <= coalesce(other.last_day, date '9999-12-31')
            and coalesce(one.last_day, date '9999-12-31') >= other.first_day
    group by one.source_file, one.source_row
),

damaged as (
    select distinct
        federal.provider,
        federal.extract,
        states.state,
        federal.school_id_nces,
        federal.school_name,
        federal.source_file,
        federal.source_row,
        federal.delivery
    from federal
    inner join deliveries
        on
            federal.provider = deliveries.provider
            and federal.extract = deliveries.extract
            and federal.delivery = deliveries.delivery
    inner join states
        on federal.state in (states.state, states.state_fips)
    where
        federal.level = 'school'
        and not {{ is_nested(
            'federal.school_id_nces', 'federal.lea_id_nces', 'states.state_fips'
        ) }}
),

listed as (
    select
        'nessc' as provider,
        'school_crosswalk' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        contradiction,
        'set aside: the code and the id stay apart' as consequence,
        other_rows,
        source_file,
        source_row,
        delivery
    from crosswalk
    union all by name
    select
        'league' as provider,
        'membership' as extract,
        members.state,
        members.school_id_nces,
        members.school_name,
        'days_overlap' as contradiction,
        'counted once: a member on the days of either row' as consequence,
        overlapping.other_rows,
        members.source_file,
        members.source_row,
        members.delivery
    from members
    inner join overlapping
        on
            members.source_file = overlapping.source_file
            and members.source_row = overlapping.source_row
    union all by name
    select
        *,
        'federal_id_not_nested' as contradiction,
        'the id is not used: the school stands under district and name' as consequence
    from damaged
)

select * from listed
