{{ config(materialized="view") }}

-- Every printed head count of every extract, one row a cell. A new extract is one more
-- ref.
{%- set extracts = [
    ref('stg_vt__head_count'),
    ref('stg_vt__enrollment_report'),
    ref('stg_vt__enrollment_report_csv'),
    ref('stg_nh__enrollment_school'),
    ref('stg_nh__enrollment_district'),
    ref('stg_ct__enrollment'),
    ref('stg_ct__enrollment_status'),
    ref('stg_ct__enrollment_status_state'),
    ref('stg_ct__enrollment_trend'),
    ref('stg_ct__enrollment_export'),
    ref('stg_ri__october_head_count'),
    ref('stg_ri__october_head_count_lea'),
    ref('stg_ri__october_head_count_state'),
] %}

with none_yet as (
    select
        cast(null as varchar) as provider,
        cast(null as varchar) as extract,
        cast(null as varchar) as level,
        cast(null as varchar) as state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        cast(null as varchar) as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        cast(null as varchar) as school_name,
        cast(null as bigint) as school_year,
        cast(null as varchar) as grade,
        cast(null as varchar) as student_group_label,
        cast(null as bigint) as student_count,
        cast(null as varchar) as value_status,
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row,
        cast(null as varchar) as delivery
    where false
),

unioned as (
    select {{ enrollment_columns() }}
    from none_yet
    {%- for extract in extracts %}
    union all
    select {{ enrollment_columns() }}
    from {{ extract }}
    {%- endfor %}
)

select * from unioned
