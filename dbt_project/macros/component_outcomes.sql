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
        {{ column }} as count_token,
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
        ),
    from measured
),

-- What the school does not report is no number, whatever stands beside it.
renamed as (
    select
        'nessc' as provider,
        '{{ extract }}' as extract,
        'school' as level,
        judged.state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        judged.school_id_nces,
        judged.school_id_state,
        judged.school_name,
        judged._school_year as school_year,
        judged.metric_id,
        judged.student_group as student_group_label,
        case when judged.value_status = 'reported' then judged.count_token end
            as numerator_token,
        case when judged.value_status = 'reported' then judged.students_count end
            as denominator_token,
        judged.value_status,
        metrics.definition_id,
        cast(judged.data_as_of as date) as data_as_of,
        judged._source_file as source_file,
        cast(null as varchar) as source_sheet,
        judged._source_row as source_row,
        judged._delivery as delivery,
    from judged
    inner join metrics
        on judged.metric_id = metrics.metric_id
),

{{ counted_outcomes('renamed') }}

select * from typed
{%- endmacro -%}
