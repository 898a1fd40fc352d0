-- The computed metrics in the form of printed ones, so that they join the other
-- providers' rows. Exact quotients of counts; a range where students are blocked.
with counts as (
    select * from {{ ref('int_computed_counts') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

minimums as (
    select * from {{ ref('suppression_minimums') }}
),

{{ current_records('int_blocked_counts') }},

newest_blocked as (
    select *
    from current_records
    qualify row_number() over (
        partition by state, school_id_state, cohort_year
        order by landed_at desc, source_file desc, source_row desc
    ) = 1
),

blocked as (
    select
        state,
        school_id_state,
        grouping(school_id_state) = 1 as is_state,
        cohort_year,
        sum(blocked_count) as blocked_count,
    from newest_blocked
    group by grouping sets (
        (state, cohort_year), (state, cohort_year, school_id_state)
    )
),

-- A graduate who withholds the record (FERPA block) looks like one who did not enrol:
-- the rate is a lower bound, and the bound above has all of them enrolled. The share of
-- persisting entrants lacks them above and below the line.
bounded as (
    select
        counts.*,
        metrics.definition_id,
        if(counts.extract = 'postsecondary', coalesce(blocked.blocked_count, 0), 0)
            as blocked_count,
        if(counts.metric_id = 'pse_persistence', coalesce(blocked.blocked_count, 0), 0)
            as blocked_below_count,
        coalesce(minimums.min_denominator, strictest.min_denominator)
            as min_denominator,
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
            '(numerator + blocked_count) * 1000',
            '(denominator + blocked_below_count) * 1000'
        ) }}) as decimal(18, 12)) as high_pct,
        -- Days are no students: of a few students they would pass for a large number.
        metric_id = 'attendance' and students_count < min_denominator as hides_days,
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
        if(blocked_count > 0, null, low_pct) as value_pct,
        if(blocked_count > 0, low_pct, null) as value_low_pct,
        if(blocked_count > 0, high_pct, null) as value_high_pct,
        low_pct as lowest_pct,
        if(blocked_count > 0, high_pct, low_pct) as highest_pct,
        if(blocked_count > 0, 'range', 'reported') as value_status,
        definition_id,
        cast(null as date) as data_as_of,
        'computed from ' || array_to_string(origins, ', ') as source_file,
        cast(null as varchar) as source_sheet,
        cast(null as bigint) as source_row,
        cast(null as varchar) as delivery,
    from rated
),

typed as (
    select {{ outcome_columns() }}
    from outcomes
)

select * from typed
