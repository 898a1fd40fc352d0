-- Cells that came under restriction or were computed from restricted records. Too small
-- to show (primary rule): the denominator, the numerator or all the others are below
-- the state's minimum, or the counts are unknown. Zero counts as small: 0 and 100 per
-- cent tell of every student in the cell. What a publisher already printed is not
-- hidden again.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where
        visibility is distinct from 'public'
        and value_status in ('reported', 'range', 'suppressed')
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
        coalesce(minimums.min_contributors, strictest.min_contributors)
            as min_contributors,
        coalesce(minimums.min_numerator, strictest.min_numerator) as min_numerator,
        coalesce(minimums.min_complement, strictest.min_complement) as min_complement,
        coalesce(minimums.min_interval, strictest.min_interval) as min_interval,
        withheld.provider is not null as is_withheld,
    from outcomes
    cross join strictest
    left join minimums
        on outcomes.state = minimums.state
    left join metric_counts
        on outcomes.metric_id = metric_counts.metric_id
    left join withheld
        on
            outcomes.provider = withheld.provider
            and outcomes.metric_id = withheld.metric_id
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
        -- A metric whose numbers nobody named cannot be protected: it is hidden as a
        -- whole and stays out of the sums.
        not is_withheld
        and numerator is not null
        and denominator is not null
        and numerator_count is not null as has_counts,
    from ruled
),

-- A school knows its own numbers and subtracts them from a total. Where too few schools
-- make it up and one of them hides anything that year, the total goes too. Students of
-- schools that the provider does not list make it up as well: where they alone could be
-- shown, what is left after a school's subtraction is no one school's.
schools_by_year as (
    select
        *,
        bool_or(is_small or value_status = 'suppressed') over (
            partition by provider, state, school_year
        ) as hides_in_state,
        bool_or(is_small or value_status = 'suppressed') over (
            partition by provider, state, school_year, lea_id_nces
        ) as hides_in_lea,
    from judged
    where level = 'school' and denominator is distinct from 0
),

told_by_few as (
    select
        totals.cell_id,
        totals.level,
        totals.numerator,
        totals.denominator,
        totals.min_contributors,
        totals.min_denominator,
        totals.min_numerator,
        totals.min_complement,
    from judged as totals
    inner join schools_by_year as schools
        on
            totals.provider = schools.provider
            and totals.state = schools.state
            and totals.school_year = schools.school_year
            and totals.metric_id = schools.metric_id
            and totals.student_group = schools.student_group
            and (
                totals.level = 'state' or totals.lea_id_nces = schools.lea_id_nces
            )
    where totals.level in ('lea', 'state')
    group by all
    having
        count(*) < totals.min_contributors
        and not coalesce(
            totals.denominator - sum(schools.denominator) >= totals.min_denominator
            and totals.numerator - sum(schools.numerator) >= totals.min_numerator
            and (totals.denominator - totals.numerator)
            - sum(schools.denominator - schools.numerator) >= totals.min_complement,
            false
        )
        and bool_or(
            case
                when totals.level = 'state' then schools.hides_in_state
                else schools.hides_in_lea
            end
        )
),

guarded as (
    select
        judged.* replace (
            judged.is_small
            or told_by_few.cell_id is not null
            and judged.value_status <> 'suppressed' as is_small
        ),
        coalesce(judged.denominator < judged.min_denominator, false)
        or told_by_few.cell_id is not null as is_denominator_small,
    from judged
    left join told_by_few
        on judged.cell_id = told_by_few.cell_id
)

select * from guarded
