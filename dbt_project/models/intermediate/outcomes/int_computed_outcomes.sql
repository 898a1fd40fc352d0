-- The computed metrics in the form of printed ones, so that they join the other
-- providers' rows. Exact quotients of counts; a range where students are blocked or
-- were set aside.
with counts as (
    select * from {{ ref('int_computed_counts') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

minimums as (
    select * from {{ ref('suppression_minimums') }}
),

set_aside_counts as (
    select * from {{ ref('int_set_aside_counts') }}
),

{{ current_records('stg_nsc__blocked_counts') }},

newest_blocked as (
    select *
    from current_records
    qualify row_number() over (
        partition by state, school_id_state, cohort_year
        order by
            {{ newest_file_first() }}, blocked_count desc, source_row desc
    ) = 1
),

blocked as (
    select
        state,
        school_id_state,
        grouping(school_id_state) = 1 as is_state,
        cohort_year,
        sum(blocked_count) as blocked_count
    from newest_blocked
    group by grouping sets (
        (state, cohort_year), (state, cohort_year, school_id_state)
    )
),

-- A graduate who withholds the record (FERPA block) looks like one who did not enrol:
-- the rate is a lower bound, and the bound above has all of them enrolled. The share of
-- persisting entrants lacks them above and below the line. A student who was set aside
-- is one more member, met or not, if a member at all; a row of nobody knows whom may
-- also change what a counted student is.
bounded as (
    select
        counts.* exclude (numerator, denominator),
        metrics.definition_id,
        greatest(
            counts.numerator
            - coalesce(set_aside_counts.rows_count, 0) * counts.largest_denominator,
            0
        ) as numerator,
        counts.denominator
        + coalesce(set_aside_counts.students_count, 0) * counts.largest_denominator
            as denominator,
        counts.numerator
        + coalesce(set_aside_counts.students_count + set_aside_counts.rows_count, 0)
        * counts.largest_denominator as highest_numerator,
        -- A dropout of the year need not be among the members of 1 October.
        if(
            counts.metric_id = 'dropout_event', counts.denominator,
            counts.denominator
            + coalesce(set_aside_counts.students_count, 0) * counts.largest_denominator
        ) as least_denominator,
        set_aside_counts.metric_id is not null as is_set_aside,
        if(counts.extract = 'postsecondary', coalesce(blocked.blocked_count, 0), 0)
            as blocked_count,
        if(counts.metric_id = 'pse_persistence', coalesce(blocked.blocked_count, 0), 0)
            as blocked_below_count,
        coalesce(minimums.min_denominator, strictest.min_denominator)
            as min_denominator
    from counts
    inner join metrics
        on counts.metric_id = metrics.metric_id
    left join blocked
        on
            counts.state = blocked.state
            and counts.school_year = blocked.cohort_year
            and (counts.level = 'state') = blocked.is_state
            and (
                counts.level = 'state'
                or counts.school_id_state = blocked.school_id_state
            )
    left join set_aside_counts
        on
            counts.metric_id = set_aside_counts.metric_id
            and counts.level = set_aside_counts.level
            and counts.state = set_aside_counts.state
            and counts.school_id_state
            is not distinct from set_aside_counts.school_id_state
            and counts.school_year = set_aside_counts.school_year
    left join minimums
        on counts.state = minimums.state
    inner join minimums as strictest
        on strictest.state = '*'
),

rated as (
    select
        *,
        cast({{ pct_of_counts(
            'numerator * 1000', '(denominator + blocked_below_count) * 1000'
        ) }} as decimal(18, 12)) as low_pct,
        cast(least(100, {{ pct_of_counts(
            '(highest_numerator + blocked_count) * 1000',
            '(least_denominator + blocked_below_count) * 1000'
        ) }}) as decimal(18, 12)) as high_pct,
        -- Days are no students: of a few students they would pass for a large number.
        metric_id = 'attendance' and students_count < min_denominator as hides_days,
        blocked_count > 0 or is_set_aside as is_range
    from bounded
),

outcomes as (
    select
        'computed' as provider,
        extract,
        level,
        state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        cast(null as varchar) as lea_name,
        cast(null as varchar) as school_id_nces,
        school_id_state,
        cast(null as varchar) as school_name,
        school_year,
        metric_id,
        student_group as student_group_label,
        if(hides_days, null, cast(round(numerator) as bigint)) as numerator,
        if(hides_days, null, cast(round(denominator) as bigint)) as denominator,
        if(is_range, null, low_pct) as value_pct,
        if(is_range, low_pct, null) as value_low_pct,
        if(is_range, high_pct, null) as value_high_pct,
        low_pct as lowest_pct,
        if(is_range, high_pct, low_pct) as highest_pct,
        if(is_range, 'range', 'reported') as value_status,
        definition_id,
        cast(null as date) as data_as_of,
        'computed from ' || origins as source_file,
        cast(null as varchar) as source_sheet,
        cast(null as bigint) as source_row,
        cast(null as varchar) as delivery
    from rated
),

typed as (
    select {{ outcome_columns() }}
    from outcomes
)

select * from typed
