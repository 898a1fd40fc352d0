-- Each printed value of a state beside every value that the warehouse holds of the
-- same state, year, metric and group. A printed metric is brought together with the
-- metric of its definition alone (seed printed_metrics); where there is none, no number
-- is set beside it. A difference is explained by its definition or open; nothing is
-- tuned until it fits. `equal` allows what rounding of the printed digits allows.
with printed as (
    select * from {{ ref('stg_nessc__printed_values') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider = 'nessc' and extract = 'printed_values'
),

printed_metrics as (
    select * from {{ ref('printed_metrics') }}
),

metrics as (
    select * from {{ ref('dim_metric') }}
),

student_groups as (
    select * from {{ ref('printed_groups') }}
),

states as (
    select * from {{ ref('states') }}
),

differences as (
    select * from {{ ref('printed_differences') }}
),

outcomes as (
    select * from {{ as_seen_by('public', 'state_outcomes') }}
),

held as (
    select * from outcomes
    where value_status in ('reported', 'range')
),

-- The row of the state itself, where there is one, goes before that of all states.
named as (
    select
        printed.*,
        printed_metrics.metric_id,
        printed_metrics.definition as printed_definition,
        printed_metrics.reason as mapping_reason,
        printed_metrics.subject,
        student_groups.student_group,
        states.state is not null as is_a_state
    from printed
    inner join deliveries
        on printed.delivery = deliveries.delivery
    left join printed_metrics
        on
            printed.metric = printed_metrics.printed_metric
            and printed_metrics.state in (printed.state, '*')
            and (
                printed_metrics.state = '*'
                or printed.school_year between
                coalesce(printed_metrics.first_year, 0)
                and coalesce(printed_metrics.last_year, 9999)
                or printed_metrics.first_year is null
                and printed_metrics.last_year is null
            )
    left join student_groups
        on printed.student_group_label = student_groups.printed_group
    left join states
        on printed.state = states.state
    qualify row_number() over (
        partition by printed.delivery, printed.source_row
        order by
            printed_metrics.state = '*' asc,
            printed_metrics.first_year desc nulls last,
            printed_metrics.metric_id asc,
            student_groups.student_group asc
    ) = 1
),

-- What the warehouse has near by: the metric in any year, and in this one.
reach as (
    select
        state,
        metric_id,
        list_sort(list(distinct school_year)) as years
    from held
    group by state, metric_id
),

near_by as (
    select
        held.state,
        held.school_year,
        held.student_group,
        metrics.subject,
        string_agg(distinct held.metric_id, ', ' order by held.metric_id) as metric_ids
    from held
    inner join metrics
        on held.metric_id = metrics.metric_id
    group by held.state, held.school_year, held.student_group, metrics.subject
),

compared as (
    select
        named.*,
        held.provider,
        held.extract,
        metrics.definition_id as printed_definition_id,
        held.definition_id,
        case
            when held.provider is not null
                then
                    metrics.numerator_definition || ', of: '
                    || metrics.denominator_definition
        end as held_definition,
        held.value_pct as held_pct,
        held.value_low_pct as held_low_pct,
        held.value_high_pct as held_high_pct,
        held.source_file as held_source_file,
        held.source_row as held_source_row,
        differences.explanation,
        held.value_pct - cast(named.value_pct as double) as difference_points,
        reach.years,
        near_by.metric_ids as other_metric_ids
    from named
    left join metrics
        on named.metric_id = metrics.metric_id
    left join held
        on
            named.state = held.state
            and named.school_year = held.school_year
            and named.metric_id = held.metric_id
            and named.student_group = held.student_group
    left join differences
        on
            named.state = differences.state
            and named.metric_id = differences.metric_id
    left join reach
        on
            named.state = reach.state
            and named.metric_id = reach.metric_id
    left join near_by
        on
            named.state = near_by.state
            and named.school_year = near_by.school_year
            and named.student_group = near_by.student_group
            and named.subject = near_by.subject
),

judged as (
    select
        *,
        case
            when not is_a_state or metric_id is null or student_group is null
                then 'not_comparable'
            when school_year is null or lowest_pct is null then 'not_comparable'
            when provider is null then 'not_held'
            when
                round(coalesce(held_low_pct, held_pct), 9) <= highest_pct
                and round(coalesce(held_high_pct, held_pct), 9) >= lowest_pct
                then 'equal'
            when explanation is not null then 'differs_by_definition'
            else 'open'
        end as agreement,
        case
            when not is_a_state then 'no single state: states are not pooled'
            when metric_id is null
                then
                    'no metric of this definition: '
                    || coalesce(mapping_reason, 'unknown')
            when student_group is null then 'no such student group in the warehouse'
            when school_year is null then 'the report states no single school year'
            when lowest_pct is null then 'printed as a phrase'
            when provider is not null then null
            when years is null then 'no value of this metric of the state was delivered'
            when not list_contains(years, school_year)
                then 'no value of this metric of that year was delivered'
            else 'no value of this student group of that year'
        end as not_compared_reason
    from compared
),

published as (
    select
        report,
        state,
        printed_year,
        school_year,
        metric as printed_metric,
        metric_id,
        student_group,
        printed_value,
        printed_definition,
        provider,
        extract,
        definition_id,
        held_pct,
        held_low_pct,
        held_high_pct,
        difference_points,
        agreement,
        explanation,
        source_url,
        held_source_file,
        held_source_row,
        student_group_label as printed_group,
        source_file as printed_source_file,
        source_row as printed_source_row,
        printed_definition_id,
        held_definition,
        not_compared_reason,
        case
            when agreement in ('not_held', 'not_comparable') then other_metric_ids
        end as held_of_other_definition
    from judged
)

select * from published
