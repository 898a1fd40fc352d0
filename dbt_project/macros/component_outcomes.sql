{#- The columns of an outcome in a file of school counts: `told` has its rows, `rule`
    metric and definition. What the school does not report is no number, whatever stands
    beside it. -#}
{%- macro component_columns(extract, told, rule, numerator, denominator) -%}
        'nessc' as provider,
        '{{ extract }}' as extract,
        'school' as level,
        {{ told }}.state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        {{ told }}.school_id_nces,
        {{ told }}.school_id_state,
        {{ told }}.school_name,
        {{ told }}._school_year as school_year,
        {{ rule }}.metric_id,
        {{ told }}.student_group as student_group_label,
        case when {{ told }}.value_status = 'reported' then {{ told }}.{{ numerator }} end
            as numerator_token,
        case when {{ told }}.value_status = 'reported' then {{ told }}.{{ denominator }} end
            as denominator_token,
        {{ told }}.value_status,
        {{ rule }}.definition_id,
        try_cast({{ told }}.data_as_of as date) as data_as_of,
        {{ told }}._source_file as source_file,
        cast(null as varchar) as source_sheet,
        {{ told }}._source_row as source_row,
        {{ told }}._delivery as delivery,
{%- endmacro -%}

{#- A model of the outcomes in a file of school counts, one count a column. `measures` has
    the column of each metric's numerator; all are of the students that the row is about.
    An empty count beside others was not counted: it is not reported, and no zero. -#}
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
        {{ column }} as count_token
    from printed
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

judged as (
    select
        * replace (
            case
                when value_status = 'reported' and count_token is null
                    then 'not_reported'
                else value_status
            end as value_status
        )
    from measured
),

renamed as (
    select
        {{ component_columns(extract, 'judged', 'metrics', 'count_token', 'students_count') }}
    from judged
    inner join metrics
        on judged.metric_id = metrics.metric_id
),

{{ counted_outcomes('renamed') }}

select * from typed
{%- endmacro -%}
