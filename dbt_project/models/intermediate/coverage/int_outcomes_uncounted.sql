-- Which rows a restricted file or a computed metric has must tell of no student: there
-- is a row for each group that nobody is counted in, or that the file leaves out.
-- Public facts alone decide which groups: those that the provider names anywhere, of
-- the categories that it counts the place, year and metric by. Of a metric that divides
-- by the numerator of another (those who returned of those who entered), the places are
-- those of the other, once the metric came from the state for the year.
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
    where visibility is distinct from 'public'
),

student_groups as (
    select * from {{ ref('student_groups') }}
),

metric_counts as (
    select * from {{ ref('metric_counts') }}
),

named as (
    select distinct
        outcomes.provider,
        student_groups.category,
        outcomes.student_group
    from outcomes
    inner join student_groups
        on outcomes.student_group = student_groups.student_group
),

places as (
    select
        outcomes.provider,
        outcomes.extract,
        outcomes.level,
        outcomes.state,
        outcomes.school_key,
        outcomes.school_year,
        outcomes.metric_id,
        outcomes.definition_id,
        student_groups.category,
        max(outcomes.visibility) as visibility,
        max(outcomes.school_id_nces) as school_id_nces,
        max(outcomes.school_id_state) as school_id_state,
        max(outcomes.lea_id_nces) as lea_id_nces,
        max(outcomes.lea_id_state) as lea_id_state,
        max(outcomes.lea_name) as lea_name,
        max(outcomes.school_name) as school_name,
        max(outcomes.data_as_of) as data_as_of,
        max(outcomes.source_file) as source_file
    from outcomes
    inner join student_groups
        on outcomes.student_group = student_groups.student_group
    group by all
),

came as (
    select distinct
        provider,
        extract,
        level,
        state,
        school_year,
        metric_id,
        definition_id
    from places
),

dividing as (
    select
        places.* replace (
            came.metric_id as metric_id,
            came.definition_id as definition_id
        )
    from places
    inner join metric_counts as above
        on places.metric_id = above.metric_id
    inner join metric_counts as below
        on above.numerator_count = below.denominator_count
    inner join came
        on
            below.metric_id = came.metric_id
            and places.provider = came.provider
            and places.extract = came.extract
            and places.level = came.level
            and places.state = came.state
            and places.school_year = came.school_year
),

asked as (
    select * from places
    union
    select * from dividing
),

uncounted as (
    select
        asked.* exclude (category), -- noqa: RF02
        named.student_group,
        -- Of our own count who has no row is nobody; a file may leave out whom it will.
        if(asked.provider = 'computed', 'not_applicable', 'not_reported')
            as value_status
    from asked
    inner join named
        on
            asked.provider = named.provider
            and asked.category = named.category
    anti join outcomes
        on
            asked.provider = outcomes.provider
            and asked.level = outcomes.level
            and asked.state = outcomes.state
            and asked.school_key is not distinct from outcomes.school_key
            and asked.school_year = outcomes.school_year
            and asked.metric_id = outcomes.metric_id
            and named.student_group = outcomes.student_group
    qualify row_number() over (
        partition by
            asked.provider,
            asked.level,
            asked.state,
            asked.school_key,
            asked.school_year,
            asked.metric_id,
            named.student_group
        order by asked.extract
    ) = 1
)

select * from uncounted
