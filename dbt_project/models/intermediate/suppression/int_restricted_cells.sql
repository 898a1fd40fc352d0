-- Cells that came under restriction or were computed from restricted records. Too small
-- to show (primary rule): the denominator, the numerator or all the others are below
-- the state's minimum, or the counts are unknown. Zero counts as small: 0 and 100 per
-- cent tell of every student in the cell. What a publisher already printed is not
-- hidden again. Groups without the row of all students are withheld: their sum tells a
-- whole that has no cell here, so that nothing would protect what follows from it.
-- That a group has nobody is a number as any other, and so is that a file leaves a
-- group out beside others (not_reported): the public sees neither.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where visibility is distinct from 'public'
),

stated as (
    select
        * exclude (numerator, denominator),
        if(value_status = 'not_applicable', 0, numerator) as numerator,
        if(value_status = 'not_applicable', 0, denominator) as denominator
    from outcomes
    qualify bool_or(value_status <> 'not_reported') over (
        partition by provider, level, state, school_key, school_year, metric_id
    )
),

minimums as (
    select * from {{ ref('suppression_minimums') }}
),

withheld as (
    select * from {{ ref('withheld_from_public') }}
),

metric_counts as (
    select * from {{ ref('metric_counts') }}
),

strictest as (
    select * from minimums
    where state = '*'
),

ruled as (
    select
        outcomes.provider,
        outcomes.level,
        outcomes.state,
        outcomes.school_key,
        outcomes.lea_id_nces,
        outcomes.school_year,
        outcomes.metric_id,
        outcomes.student_group,
        outcomes.value_status,
        outcomes.numerator,
        outcomes.denominator,
        -- A range counts students of whom nobody knows more: from numerator to highest.
        case
            when outcomes.value_status = 'range'
                then round(
                    outcomes.denominator
                    * (outcomes.highest_pct - outcomes.lowest_pct) / 100
                )
            else 0
        end as open_count,
        metric_counts.numerator_count,
        metric_counts.denominator_count,
        coalesce(outcomes.school_key, outcomes.state) as place_key,
        coalesce(minimums.min_denominator, strictest.min_denominator)
            as min_denominator,
        coalesce(minimums.min_numerator, strictest.min_numerator) as min_numerator,
        coalesce(minimums.min_complement, strictest.min_complement) as min_complement,
        coalesce(minimums.min_interval, strictest.min_interval) as min_interval,
        withheld.provider is not null
        or coalesce(
            bool_and(
                outcomes.student_group <> 'all'
                or outcomes.value_status = 'not_reported'
            ) over same_metric,
            false
        ) as is_withheld
    from stated as outcomes
    cross join strictest
    left join minimums
        on outcomes.state = minimums.state
    left join metric_counts
        on outcomes.metric_id = metric_counts.metric_id
    left join withheld
        on
            outcomes.provider = withheld.provider
            and outcomes.metric_id = withheld.metric_id
    window
        same_metric as (
            partition by
                outcomes.provider,
                outcomes.level,
                outcomes.state,
                outcomes.school_key,
                outcomes.school_year,
                outcomes.metric_id
        )
),

judged as (
    select
        *,
        row_number() over (
            order by
                provider, level, state, place_key, school_year, metric_id, student_group
        ) as cell_id,
        value_status <> 'suppressed'
        and (
            is_withheld
            or numerator is null
            or denominator is null
            or denominator < min_denominator
            or numerator < min_numerator
            or denominator - numerator - open_count < min_complement
            or value_status = 'range' and open_count < min_numerator
        ) as is_small,
        coalesce(denominator < min_denominator, false) as is_denominator_small,
        -- A metric whose numbers nobody named cannot be protected: it is hidden as a
        -- whole and stays out of the sums.
        not is_withheld
        and numerator is not null
        and denominator is not null
        and numerator_count is not null as has_counts
    from ruled
)

select * from judged
