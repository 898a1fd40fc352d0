-- The rows of the crosswalk, each with what speaks against it. Of several deliveries
-- that print a state code the newest decides. Where two rows give a code two federal
-- ids, or a federal id two codes, for one school year, nobody can tell which is right:
-- both are set aside, and the rest holds.
with crosswalk as (
    select * from {{ ref('stg_nessc__school_crosswalk') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider = 'nessc' and extract = 'school_crosswalk'
),

states as (
    select * from {{ ref('states') }}
),

delivered as (
    select
        crosswalk.*,
        states.state_fips,
        deliveries.landed_at,
        coalesce(crosswalk.first_year, 0) as from_year,
        coalesce(crosswalk.last_year, 9999) as to_year
    from crosswalk
    inner join deliveries
        on crosswalk.delivery = deliveries.delivery
    left join states
        on crosswalk.state = states.state
),

newest as (
    select * from delivered
    qualify rank() over (
        partition by state, school_id_state
        order by {{ newest_file_first() }}
    ) = 1
),

alone as (
    select
        state,
        school_id_state,
        school_id_nces,
        school_name,
        lea_id_nces,
        lea_name,
        first_year,
        last_year,
        source_file,
        source_row,
        delivery,
        from_year,
        to_year,
        case
            when not {{ is_nested('school_id_nces', 'lea_id_nces', 'state_fips') }}
                then 'federal_id_not_nested'
            when from_year > to_year then 'last_year_before_first'
        end as own_fault
    from newest
),

compared as (
    {%- for shared in ['school_id_state', 'school_id_nces'] %}
    select
        one.source_file,
        one.source_row,
        one.school_id_nces <> other.school_id_nces as has_other_school,
        one.school_id_state <> other.school_id_state as has_other_code,
        other.source_file || ' row ' || other.source_row as other_row
    from alone as one
    inner join alone as other
        on
            one.state = other.state
            and one.{{ shared }} = other.{{ shared }}
            and (
                one.source_file is distinct from other.source_file
                or one.source_row is distinct from other.source_row
            )
            and one.from_year <= other.to_year
            and one.to_year >= other.from_year
    where one.own_fault is null and other.own_fault is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

overlapping as (
    select
        source_file,
        source_row,
        bool_or(has_other_school) as has_other_school,
        bool_or(has_other_code) as has_other_code,
        {{ sorted_texts('other_row') }} as other_rows
    from compared
    group by source_file, source_row
),

judged as (
    select
        alone.state,
        alone.school_id_state,
        alone.school_id_nces,
        alone.school_name,
        alone.lea_id_nces,
        alone.lea_name,
        alone.first_year,
        alone.last_year,
        alone.source_file,
        alone.source_row,
        alone.delivery,
        case
            when alone.own_fault is not null then alone.own_fault
            when overlapping.has_other_school then 'code_of_two_schools'
            when overlapping.has_other_code then 'school_of_two_codes'
            when overlapping.source_row is not null then 'said_twice'
        end as contradiction,
        overlapping.other_rows
    from alone
    left join overlapping
        on
            alone.source_file = overlapping.source_file
            and alone.source_row = overlapping.source_row
)

select * from judged
