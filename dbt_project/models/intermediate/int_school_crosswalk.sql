-- The federal id of each state code, as the newest crosswalk delivery says, with the
-- years in which the two belong together: no years are all years.
with crosswalk as (
    select * from {{ ref('stg_nessc__school_crosswalk') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider = 'nessc' and extract = 'school_crosswalk'
),

newest as (
    select crosswalk.*
    from crosswalk
    inner join deliveries
        on crosswalk.delivery = deliveries.delivery
    qualify row_number() over (
        partition by
            crosswalk.state, crosswalk.school_id_state, crosswalk.first_year
        order by {{ newest_first('deliveries.', 'crosswalk.') }}
    ) = 1
)

select * from newest
