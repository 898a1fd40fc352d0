-- States that a national file leaves out: the file of the year came, and has no row of
-- a state that the files of other years have.
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
    where provider = 'us'
),

named as (
    select distinct
        provider,
        extract,
        state,
        cast(school_year as integer) as school_year
    from outcomes
    where state is not null
),

states as (
    select distinct
        provider,
        extract,
        state
    from named
),

years as (
    select distinct
        provider,
        extract,
        school_year
    from named
),

expected as (
    select
        states.provider,
        states.extract,
        states.state,
        years.school_year
    from states
    inner join years
        on
            states.provider = years.provider
            and states.extract = years.extract
),

missing as (
    select expected.*
    from expected
    anti join named
        on
            expected.provider = named.provider
            and expected.extract = named.extract
            and expected.state = named.state
            and expected.school_year = named.school_year
)

select * from missing
