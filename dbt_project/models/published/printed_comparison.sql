-- Each printed value of a state beside every value that the warehouse holds of the same
-- state, year, metric and group. A difference is explained by its definition or open;
-- nothing is tuned until it fits. `equal` allows what rounding of the printed digits
-- allows.
with printed as (
    select * from {{ ref('stg_nessc__printed_values') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where provider = 'nessc' and extract = 'printed_values'
),

metrics as (
    select * from {{ ref('printed_metrics') }}
),

student_groups as (
    select * from {{ ref('printed_groups') }}
),

differences as (
    select * from {{ ref('printed_differences') }}
),

held as (
    select * from {{ ref('state_outcomes_public') }}
    where value_status in ('reported', 'range')
),

named as (
    select
        printed.*,
        metrics.metric_id,
        metrics.definition as printed_definition,
        student_groups.student_group,
    from printed
    inner join deliveries
        on printed.delivery = deliveries.delivery
    left join metrics
        on printed.metric = metrics.printed_metric
    left join student_groups
        on printed.student_group_label = student_groups.printed_group
),

compared as (
    select
        named.*,
        held.provider,
        held.extract,
        held.definition_id,
        held.value_pct as held_pct,
        held.value_low_pct as held_low_pct,
        held.value_high_pct as held_high_pct,
        held.source_file as held_source_file,
        held.source_row as held_source_row,
        differences.explanation,
        held.value_pct - cast(named.value_pct as double) as difference_points,
    from named
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
),

judged as (
    select
        *,
        case
            when metric_id is null or student_group is null then 'not_comparable'
            when provider is null then 'not_held'
            when lowest_pct is null then 'not_comparable'
            when
                round(coalesce(held_low_pct, held_pct), 9) <= highest_pct
                and round(coalesce(held_high_pct, held_pct), 9) >= lowest_pct
                then 'equal'
            when explanation is not null then 'differs_by_definition'
            else 'open'
        end as agreement,
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
    from judged
)

select * from published
