-- A school year that was due and did not come leaves a row that says so, for each
-- series that has a value before and after it. Nothing is filled in, and nothing is
-- said of a cell that another extract of the same provider prints. A state that a file
-- leaves out is such a year for that state alone.
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
    where coverage_status in ('missing', 'refused')
),

state_years as (
    select * from {{ ref('int_state_years_missing') }}
),

gaps as (
    select
        provider,
        extract,
        cast(null as varchar) as state,
        school_year
    from coverage
    union all
    select
        provider,
        extract,
        state,
        school_year
    from state_years
),

series as (
    select
        provider,
        extract,
        level,
        state,
        school_key,
        metric_id,
        student_group,
        min(school_year) as first_year,
        max(school_year) as last_year,
        max_by(school_id_nces, row(school_year, school_id_nces)) as school_id_nces,
        max_by(school_id_state, row(school_year, school_id_state)) as school_id_state,
        max_by(lea_id_nces, row(school_year, lea_id_nces)) as lea_id_nces,
        max_by(lea_id_state, row(school_year, lea_id_state)) as lea_id_state,
        max_by(lea_name, row(school_year, lea_name)) as lea_name,
        max_by(school_name, row(school_year, school_name)) as school_name,
        max(definition_id) as definition_id,
        max(visibility) as visibility
    from outcomes
    group by
        provider, extract, level, state, school_key, metric_id, student_group
),

missing as (
    select
        series.provider,
        series.extract,
        series.level,
        series.state,
        series.school_key,
        series.school_id_nces,
        series.school_id_state,
        series.lea_id_nces,
        series.lea_id_state,
        series.lea_name,
        series.school_name,
        gaps.school_year,
        series.metric_id,
        series.student_group,
        series.definition_id,
        series.visibility
    from series
    inner join gaps
        on
            series.provider = gaps.provider
            and series.extract = gaps.extract
            and (gaps.state is null or series.state = gaps.state)
            and series.first_year < gaps.school_year
            and series.last_year > gaps.school_year
    anti join outcomes
        on
            series.provider = outcomes.provider
            and series.level = outcomes.level
            and series.state = outcomes.state
            and series.school_key is not distinct from outcomes.school_key
            and series.metric_id = outcomes.metric_id
            and series.student_group = outcomes.student_group
            and gaps.school_year = outcomes.school_year
    qualify row_number() over (
        partition by
            series.provider,
            series.level,
            series.state,
            series.school_key,
            series.metric_id,
            series.student_group,
            gaps.school_year
        order by series.extract
    ) = 1
)

select * from missing
