-- Cells of restricted extracts that are too small for the public (primary rule):
-- denominator, numerator or complement below the state's minimum, or of a provider that
-- is withheld as a whole (seed withheld_from_public). Zero counts as small: 0 and 100
-- per cent tell of every student in the cell. What a publisher already printed is not
-- hidden again.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where visibility is distinct from 'public'
),

minimums as (
    select * from {{ ref('suppression_minimums') }}
),

withheld as (
    select * from {{ ref('withheld_from_public') }}
),

strictest as (
    select * from minimums
    where state = '*'
),

ruled as (
    select
        outcomes.*,
        coalesce(minimums.min_denominator, strictest.min_denominator)
            as min_denominator,
        coalesce(minimums.min_numerator, strictest.min_numerator) as min_numerator,
        coalesce(minimums.min_complement, strictest.min_complement) as min_complement,
    from outcomes
    cross join strictest
    left join minimums
        on outcomes.state = minimums.state
),

-- A rate without its counts cannot be judged and is hidden.
suppressed as (
    select
        provider,
        level,
        state,
        school_key,
        school_year,
        metric_id,
        student_group,
    from ruled
    where
        value_status in ('reported', 'range')
        and (
            numerator is null
            or denominator is null
            or denominator < min_denominator
            or numerator < min_numerator
            or denominator - numerator < min_complement
            or (provider, metric_id) in (
                select (withheld.provider, withheld.metric_id) from withheld
            )
        )
)

select * from suppressed
