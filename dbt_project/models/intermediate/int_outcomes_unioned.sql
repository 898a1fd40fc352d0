{{ config(materialized="view") }}

-- Every printed rate of every extract, one row a cell. A new extract is one more ref.
{%- set extracts = [
    ref('stg_ct__graduation_4yr'),
    ref('stg_ct__graduation_5yr'),
    ref('stg_ct__graduation_6yr'),
    ref('stg_ct__college_entrance'),
    ref('stg_us__edfacts_acgr'),
    ref('stg_nessc__common_metrics_submission'),
    ref('stg_vt__student_information'),
    ref('stg_vt__postsecondary'),
    ref('stg_vt__assessment'),
] %}

with unioned as (
    {%- for extract in extracts %}
    select {{ outcome_columns() }}
    from {{ extract }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from unioned
