{#- A model of the outcomes that a file of school counts tells, one count a column. Each
    of `measures` is a metric and the column of its numerator; all are of the students
    that the row is about. Rates are exact quotients of counts. An empty count beside
    others was not counted: it is not reported, and no zero. -#}
{%- macro component_outcomes(extract, measures) -%}
with printed as (
    select * from {{ source('nessc', extract) }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

measured as (
    {%- for metric_id, column in measures.items() %}
    select
        *,
        '{{ metric_id }}' as metric_id,
        {{ printed_count(column) }} as counted,
    from printed
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

renamed as (
    select
        'nessc' as provider,
        '{{ extract }}' as extract,
        'school' as level,
        measured.state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        measured.school_id_nces,
        measured.school_id_state,
        measured.school_name,
        measured._school_year as school_year,
        measured.metric_id,
        measured.student_group as student_group_label,
        measured.counted,
        {{ printed_count('measured.students_count') }} as students_count,
        case
            when measured.value_status = 'reported' and measured.counted is null
                then 'not_reported'
            else measured.value_status
        end as value_status,
        metrics.definition_id,
        cast(measured.data_as_of as date) as data_as_of,
        measured._source_file as source_file,
        cast(null as varchar) as source_sheet,
        measured._source_row as source_row,
        measured._delivery as delivery,
    from measured
    inner join metrics
        on measured.metric_id = metrics.metric_id
),

divided as (
    select
        *,
        case when value_status = 'reported' then counted end as numerator,
        case when value_status = 'reported' then students_count end as denominator,
        case
            when value_status = 'reported'
                then {{ pct_of_counts('counted', 'students_count') }}
        end as value_pct,
        cast(null as decimal(18, 12)) as value_low_pct,
        cast(null as decimal(18, 12)) as value_high_pct,
    from renamed
),

bounded as (
    select
        *,
        value_pct as lowest_pct,
        value_pct as highest_pct,
    from divided
),

typed as (
    select {{ outcome_columns() }}
    from bounded
)

select * from typed
{%- endmacro -%}
