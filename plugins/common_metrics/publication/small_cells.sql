-- Visible restricted cells below their state's minimums, by table. The same rule as in
-- int_suppressed_cells, asked once more of the file that everybody reads.
with cells as (
    select
        'school_outcomes' as table_name,
        state, visibility, value_status, numerator, denominator,
    from school_outcomes
    union all
    select
        'lea_outcomes' as table_name,
        state, visibility, value_status, numerator, denominator,
    from lea_outcomes
    union all
    select
        'state_outcomes' as table_name,
        state, visibility, value_status, numerator, denominator,
    from state_outcomes
),

ruled as (
    select
        cells.*,
        coalesce(own.min_denominator, strict.min_denominator) as least,
        coalesce(own.min_numerator, strict.min_numerator) as least_of,
        coalesce(own.min_complement, strict.min_complement) as least_other,
    from cells
    left join suppression_minimums as own on cells.state = own.state
    cross join (from suppression_minimums where state = '*') as strict
    where
        cells.visibility is distinct from 'public'
        and cells.value_status in ('reported', 'range')
)

select table_name, count(*) as small
from ruled
where not coalesce(
    denominator >= least
    and numerator >= least_of
    and denominator - numerator >= least_other,
    false
)
group by table_name
order by table_name
