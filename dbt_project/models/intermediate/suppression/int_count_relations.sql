-- What a reader knows of numbers without seeing them: whole = parts + rest, and the
-- rest is never negative. The outcomes of a cohort and the groups of a partition sum to
-- it, a state holds its schools (and students outside any), a district its schools, a
-- longer horizon the shorter one where both are counted of the same students, a
-- denominator its numerator, a population a part of it (seed count_parts). One row
-- a relation and number; the rest is a number of students too.
with numbers as (
    select * from {{ ref('int_protected_counts') }}
),

cells as (
    select * from {{ ref('int_restricted_cells') }}
),

cell_counts as (
    select * from {{ ref('int_cell_counts') }}
),

metric_counts as (
    select * from {{ ref('metric_counts') }}
),

count_sums as (
    select * from {{ ref('count_sums') }}
),

count_orders as (
    select * from {{ ref('count_orders') }}
),

count_parts as (
    select * from {{ ref('count_parts') }}
),

group_sums as (
    select * from {{ ref('group_sums') }}
),

restricted as (
    select distinct
        cell_counts.provider,
        numbers.*
    from numbers
    inner join cell_counts
        on numbers.count_id = cell_counts.count_id
),

providers as (
    select distinct
        provider,
        level,
        place_key,
        school_year
    from cells
),

only_printed as (
    select * from numbers
    where cells_count = 0
),

places as (
    select distinct
        level,
        place_key,
        school_year
    from only_printed
),

-- Where a provider's own row of a state shows no number, a print stands for it.
standing_in as (
    select
        providers.provider,
        only_printed.state,
        only_printed.school_year,
        only_printed.count_name,
        only_printed.student_group
    from only_printed
    inner join providers
        using (level, place_key, school_year)
    anti join restricted
        using (provider, level, place_key, school_year)
    where only_printed.level <> 'school'
),

-- Once without and once with what is only printed: a reader may distrust the print.
told as (
    select
        *,
        provider as teller
    from restricted
    union all
    select
        restricted.*,
        restricted.provider || ' and print' as teller
    from restricted
    inner join places
        using (level, place_key, school_year)
    union all
    select
        restricted.*,
        restricted.provider || ' and print' as teller
    from restricted
    semi join standing_in
        using (provider, state, school_year, count_name, student_group)
    where restricted.level = 'school'
    union all
    select
        providers.provider,
        only_printed.*,
        providers.provider || ' and print' as teller
    from only_printed
    inner join providers
        using (level, place_key, school_year)
),

-- What a publisher marked as suppressed, or left out, is a part that nobody here knows.
marked as (
    select distinct
        cells.provider,
        cells.level,
        cells.state,
        cells.place_key,
        cells.lea_id_nces,
        cells.school_year,
        unnest([cells.numerator_count, cells.denominator_count]) as count_name,
        cells.student_group
    from cells
    where cells.value_status in ('suppressed', 'not_reported')
),

marked_groups as (
    select distinct
        marked.provider,
        marked.level,
        marked.state,
        marked.place_key,
        marked.lea_id_nces,
        marked.school_year,
        marked.count_name,
        group_sums.partition
    from marked
    inner join group_sums
        on marked.student_group = group_sums.part_group
),

outcomes_of_a_cohort as (
    select
        whole.count_id as whole_id,
        part.count_id as part_id,
        'outcomes' as kind,
        whole.teller || ' ' || whole.count_name as name,
        false as has_marked_part
    from count_sums
    inner join told as whole
        on count_sums.whole_count = whole.count_name
    inner join told as part
        on
            count_sums.part_count = part.count_name
            and whole.teller = part.teller
            and whole.level = part.level
            and whole.place_key = part.place_key
            and whole.school_year = part.school_year
            and whole.student_group = part.student_group
),

groups_of_a_partition as (
    select
        whole.count_id as whole_id,
        part.count_id as part_id,
        'groups' as kind,
        whole.teller || ' ' || group_sums.partition as name,
        bool_or(marked.provider is not null) as has_marked_part
    from group_sums
    inner join told as whole
        on group_sums.whole_group = whole.student_group
    inner join told as part
        on
            group_sums.part_group = part.student_group
            and whole.teller = part.teller
            and whole.level = part.level
            and whole.place_key = part.place_key
            and whole.school_year = part.school_year
            and whole.count_name = part.count_name
    left join marked_groups as marked
        on
            whole.provider = marked.provider
            and whole.level = marked.level
            and whole.place_key = marked.place_key
            and whole.school_year = marked.school_year
            and whole.count_name = marked.count_name
            and group_sums.partition = marked.partition
    group by all
),

schools_of_a_place as (
    select
        whole.count_id as whole_id,
        part.count_id as part_id,
        'schools' as kind,
        whole.teller || ' ' || whole.level as name,
        bool_or(marked.provider is not null) as has_marked_part
    from told as whole
    inner join told as part
        on
            part.level = 'school'
            and whole.level in ('lea', 'state')
            and (whole.level = 'state' or whole.lea_id_nces = part.lea_id_nces)
            and whole.teller = part.teller
            and whole.state = part.state
            and whole.school_year = part.school_year
            and whole.count_name = part.count_name
            and whole.student_group = part.student_group
    left join marked
        on
            marked.level = 'school'
            and (whole.level = 'state' or whole.lea_id_nces = marked.lea_id_nces)
            and whole.provider = marked.provider
            and whole.state = marked.state
            and whole.school_year = marked.school_year
            and whole.count_name = marked.count_name
            and whole.student_group = marked.student_group
    group by all
),

horizons as (
    select
        greater.count_id as whole_id,
        lesser.count_id as part_id,
        'horizons' as kind,
        greater.teller || ' ' || lesser.count_name as name,
        false as has_marked_part
    from count_orders
    inner join told as greater
        on count_orders.greater_count = greater.count_name
    inner join told as lesser
        on
            count_orders.lesser_count = lesser.count_name
            and greater.teller = lesser.teller
            and greater.level = lesser.level
            and greater.place_key = lesser.place_key
            and greater.school_year = lesser.school_year
            and greater.student_group = lesser.student_group
    inner join told as of_greater
        on
            count_orders.greater_of = of_greater.count_name
            and greater.teller = of_greater.teller
            and greater.level = of_greater.level
            and greater.place_key = of_greater.place_key
            and greater.school_year = of_greater.school_year
            and greater.student_group = of_greater.student_group
    inner join told as of_lesser
        on
            count_orders.lesser_of = of_lesser.count_name
            and greater.teller = of_lesser.teller
            and greater.level = of_lesser.level
            and greater.place_key = of_lesser.place_key
            and greater.school_year = of_lesser.school_year
            and greater.student_group = of_lesser.student_group
            and of_greater.student_count = of_lesser.student_count
),

-- A count of some students is at most that of all of them, by what their metrics say.
parts_by_definition as (
    select
        whole.count_id as whole_id,
        part.count_id as part_id,
        'parts' as kind,
        whole.teller || ' ' || part.count_name as name,
        false as has_marked_part
    from count_parts
    inner join told as whole
        on count_parts.whole_count = whole.count_name
    inner join told as part
        on
            count_parts.part_count = part.count_name
            and whole.teller = part.teller
            and whole.level = part.level
            and whole.place_key = part.place_key
            and whole.school_year = part.school_year
            and whole.student_group = part.student_group
),

numerators as (
    select
        below.count_id as whole_id,
        above.count_id as part_id,
        'numerators' as kind,
        cast(above.count_id as varchar) as name,
        false as has_marked_part
    from cell_counts as below
    inner join cell_counts as above
        on below.cell_id = above.cell_id
    where below.side = 'denominator' and above.side = 'numerator'
),

pairs as (
    select * from outcomes_of_a_cohort
    union
    select * from groups_of_a_partition
    union
    select * from schools_of_a_place
    union
    select * from horizons
    union
    select * from parts_by_definition
    union
    select * from numerators
),

-- whole = parts + rest, one row a number and relation.
first_order as (
    select distinct
        kind,
        name,
        whole_id,
        has_marked_part,
        unnest([whole_id, part_id]) as count_id,
        unnest([1.0, -1.0]) as coefficient
    from pairs
),

-- Who is in no part counts for none of the others less than zero either: of the
-- students in no school, as of those in no group, at least nobody graduated, dropped
-- out or did neither. The rests of a place are at least those of its parts together.
shaped as (
    select
        first_order.kind,
        regexp_replace(first_order.name, '^[0-9]+$', '') as name,
        first_order.whole_id,
        list_sort(list(numbers.count_name)) as count_names,
        list_sort(list(distinct {
            'count_id': first_order.count_id,
            'coefficient': first_order.coefficient
        })) as terms
    from first_order
    inner join numbers
        on first_order.count_id = numbers.count_id
    where first_order.kind in ('outcomes', 'horizons', 'parts', 'numerators')
    group by first_order.kind, first_order.name, first_order.whole_id
),

divided as (
    select * from groups_of_a_partition
    union
    select * from schools_of_a_place
),

-- Materialized: joined the other way round, each pair of places meets.
parts_of_shapes as materialized (
    select
        divided.kind as divided_kind,
        divided.name as divided_name,
        part.*,
        divided.whole_id as divided_id
    from divided
    inner join shaped as part
        on divided.part_id = part.whole_id
),

halves as (
    select
        part.divided_kind || ' ' || whole.kind as kind,
        part.divided_name
        || ' '
        || whole.name
        || ' '
        || array_to_string(whole.count_names, ' ') as name,
        whole.whole_id,
        whole.terms as whole_terms,
        part.terms as part_terms
    from parts_of_shapes as part
    inner join shaped as whole
        on
            part.divided_id = whole.whole_id
            and part.kind = whole.kind
            and part.name = whole.name
            and part.count_names = whole.count_names
),

second_order as (
    select
        kind,
        name,
        whole_id,
        unnest(max(whole_terms)) as term,
        1.0 as sign
    from halves
    group by kind, name, whole_id
    union all
    select
        kind,
        name,
        whole_id,
        unnest(part_terms) as term,
        -1.0 as sign
    from halves
),

-- A rate that is printed, rounded or banded, bounds what a numerator may be of a
-- denominator.
rates as (
    select
        outcomes.provider || ' ' || outcomes.metric_id as name,
        above.count_id as above_id,
        below.count_id as below_id,
        cast(outcomes.lowest_pct as double) / 100 - 0.000001 as lowest,
        cast(outcomes.highest_pct as double) / 100 + 0.000001 as highest
    from {{ ref('int_outcomes_reconciled') }} as outcomes
    inner join metric_counts
        on outcomes.metric_id = metric_counts.metric_id
    inner join numbers as above
        on
            outcomes.level = above.level
            and coalesce(outcomes.school_key, outcomes.state) = above.place_key
            and outcomes.school_year = above.school_year
            and outcomes.student_group = above.student_group
            and metric_counts.numerator_count = above.count_name
    inner join numbers as below
        on
            above.level = below.level
            and above.place_key = below.place_key
            and above.school_year = below.school_year
            and above.student_group = below.student_group
            and metric_counts.denominator_count = below.count_name
    where
        outcomes.visibility = 'public'
        and outcomes.value_status in ('reported', 'range')
),

related as (
    select
        kind,
        name,
        whole_id,
        has_marked_part,
        count_id,
        coefficient
    from first_order
    union all
    select
        kind,
        name,
        whole_id,
        false as has_marked_part,
        term.count_id,
        sum(sign * term.coefficient) as coefficient
    from second_order
    group by all
    union all
    select
        'rates' as kind,
        name || ' at least' as name,
        above_id as whole_id,
        false as has_marked_part,
        unnest([above_id, below_id]) as count_id,
        unnest([1.0, -lowest]) as coefficient
    from rates
    union all
    select
        'rates' as kind,
        name || ' at most' as name,
        above_id as whole_id,
        false as has_marked_part,
        unnest([below_id, above_id]) as count_id,
        unnest([highest, -1.0]) as coefficient
    from rates
),

sizes as (
    select
        whole_count,
        count(*) as parts_count
    from count_sums
    group by whole_count
),

keyed as (
    select
        related.*,
        related.kind = 'outcomes'
        and whole.student_count = 0
        and count(*) over (partition by related.kind, related.whole_id, related.name)
        <= sizes.parts_count as is_of_nobody,
        dense_rank() over (
            order by related.kind, related.whole_id, related.name
        ) as relation_id,
        numbers.student_count,
        numbers.cells_count,
        whole.min_interval,
        -- The rest of a cohort is a group of its own; the rest of outcomes a numerator.
        case
            when
                related.kind in ('groups', 'schools')
                and whole.count_name in (
                    select metric_counts.denominator_count from metric_counts
                )
                then whole.min_denominator
            else whole.min_numerator
        end as min_rest
    from related
    inner join numbers as whole
        on related.whole_id = whole.count_id
    inner join numbers
        on related.count_id = numbers.count_id
    left join sizes
        on whole.count_name = sizes.whole_count
    where related.coefficient <> 0
),

rested as (
    select
        *,
        sum(coefficient * student_count) over (partition by relation_id) as rest_count,
        bool_or(has_marked_part) over (partition by relation_id) as hides_a_part,
        max(cells_count) over (partition by relation_id) as restricted_count
    from keyed
),

-- Parts that exceed their whole are an error of who sent them: a negative rest says so.
-- Where nothing is left over, a reader may take it that nothing can be: of groups,
-- schools and outcomes. The difference of two horizons and of a cell may be none by
-- chance, and so may that of nobody and some of the outcomes.
termed as (
    select
        relation_id,
        kind,
        count_id,
        coefficient,
        rest_count,
        min_interval,
        kind in ('groups', 'schools', 'outcomes', 'horizons', 'numerators')
        and (rest_count > 0 and rest_count < min_rest or hides_a_part)
            as is_rest_protected,
        rest_count = 0
        and not hides_a_part
        and not coalesce(is_of_nobody, false)
        and kind in ('outcomes', 'groups', 'schools') as is_complete
    from rested
    where
        restricted_count > 0
        and (
            rest_count >= 0
            or kind in ('outcomes', 'groups', 'schools', 'horizons')
            and name not like '% and print %'
        )
)

select * from termed
