-- The numbers of students behind restricted cells, one row each: metrics that share a
-- number (seed metric_counts) and providers that agree on it share the row. What a
-- publisher prints of the same school, class and group, exactly or as a range, is known
-- to everybody, the cohort also where its rate is suppressed; where it contradicts the
-- number it tells nothing. What a kept release shows is known alike. Numbers that are
-- only printed stand beside them (cells_count 0), a range by its lowest value: they may
-- be parts of a restricted whole.
with cells as (
    select * from {{ ref('int_restricted_cells') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where
        visibility = 'public'
        and denominator is not null
),

metric_counts as (
    select * from {{ ref('metric_counts') }}
),

released_cells as (
    select * from {{ ref('stg_lake__released_cells') }}
),

sided as (
    select
        *,
        numerator_count as count_name,
        numerator as student_count
    from cells
    where has_counts
    union all
    select
        *,
        denominator_count as count_name,
        denominator as student_count
    from cells
    where has_counts
),

agreed as (
    select
        *,
        case
            when
                min(student_count) over same_number
                <> max(student_count) over same_number
                then provider
            else ''
        end as told_by
    from sided
    window
        same_number as (
            partition by level, place_key, school_year, count_name, student_group
        )
),

-- What a kept release shows is known, whatever the next one hides.
released as (
    select
        released_cells.level,
        released_cells.place_key,
        released_cells.school_year,
        released_cells.student_group,
        unnest([metric_counts.numerator_count, metric_counts.denominator_count])
            as count_name,
        unnest([released_cells.numerator, released_cells.denominator]) as lowest,
        lowest as highest,
        true as is_released
    from released_cells
    inner join metric_counts
        on released_cells.metric_id = metric_counts.metric_id
),

printed as (
    select
        outcomes.level,
        coalesce(outcomes.school_key, outcomes.state) as place_key,
        outcomes.school_year,
        outcomes.student_group,
        metric_counts.numerator_count as count_name,
        coalesce(
            outcomes.numerator,
            ceil(outcomes.denominator * outcomes.lowest_pct / 100 - 0.000001)
        ) as lowest,
        coalesce(
            outcomes.numerator,
            floor(outcomes.denominator * outcomes.highest_pct / 100 + 0.000001)
        ) as highest,
        false as is_released
    from outcomes
    inner join metric_counts
        on outcomes.metric_id = metric_counts.metric_id
    where outcomes.value_status in ('reported', 'range')
    union all
    select
        outcomes.level,
        coalesce(outcomes.school_key, outcomes.state) as place_key,
        outcomes.school_year,
        outcomes.student_group,
        metric_counts.denominator_count as count_name,
        outcomes.denominator as lowest,
        outcomes.denominator as highest,
        false as is_released
    from outcomes
    inner join metric_counts
        on outcomes.metric_id = metric_counts.metric_id
    union all
    select * from released
    where lowest is not null
),

restricted as (
    select
        level,
        state,
        place_key,
        max(lea_id_nces) as lea_id_nces,
        school_year,
        count_name,
        student_group,
        told_by,
        max(student_count) as student_count,
        max(min_interval) as min_interval,
        max(min_numerator) as min_numerator,
        max(min_denominator) as min_denominator,
        count(*) as cells_count
    from agreed
    group by
        level, state, place_key, school_year, count_name, student_group, told_by
),

places as (
    select
        level,
        state,
        place_key,
        school_year,
        max(lea_id_nces) as lea_id_nces,
        max(min_interval) as min_interval,
        max(min_numerator) as min_numerator,
        max(min_denominator) as min_denominator
    from cells
    group by level, state, place_key, school_year
),

only_printed as (
    select
        places.*,
        printed.count_name,
        printed.student_group,
        '' as told_by,
        cast(max(printed.lowest) as bigint) as student_count,
        0 as cells_count
    from printed
    inner join places
        using (level, place_key, school_year)
    anti join restricted
        using (level, place_key, school_year, count_name, student_group)
    group by all
    having max(printed.lowest) <= min(printed.highest)
),

numbers as (
    select * from restricted
    union all by name
    select * from only_printed
),

-- What a release shows of a restricted number is not counted as printed: the choice
-- asks first what it would hide anyway, so that equal numbers have one answer.
bounded as (
    select
        numbers.*,
        cast(max(printed.lowest) filter (
            where
            numbers.student_count between printed.lowest and printed.highest
            and (numbers.cells_count = 0 or not printed.is_released)
        ) as bigint) as lowest_known,
        cast(min(printed.highest) filter (
            where
            numbers.student_count between printed.lowest and printed.highest
            and (numbers.cells_count = 0 or not printed.is_released)
        ) as bigint) as highest_known,
        coalesce(
            bool_or(
                printed.lowest = printed.highest
                and printed.lowest = numbers.student_count
                and (numbers.cells_count = 0 or not printed.is_released)
            ),
            false
        ) as is_printed,
        coalesce(
            bool_or(printed.is_released and printed.lowest = numbers.student_count),
            false
        ) as is_released
    from numbers
    left join printed
        using (level, place_key, school_year, count_name, student_group)
    group by all
),

identified as (
    select
        *,
        row_number() over (
            order by
                level,
                state,
                place_key,
                school_year,
                count_name,
                student_group,
                told_by
        ) as count_id
    from bounded
)

select * from identified
