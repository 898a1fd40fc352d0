{{ config(materialized="view") }}

-- Every printed rate of every extract, one row a cell. A new extract is one more ref.
{%- set extracts = [
    ref('stg_ct__graduation_4yr'),
    ref('stg_ct__graduation_5yr'),
    ref('stg_ct__graduation_6yr'),
    ref('stg_ct__college_entrance'),
    ref('stg_us__edfacts_acgr'),
    ref('stg_us__edfacts_acgr_long'),
    ref('stg_nessc__common_metrics_submission'),
    ref('stg_nessc__learner_profiles'),
    ref('stg_nessc__learning_paths'),
    ref('stg_nessc__mastery'),
    ref('stg_vt__student_information'),
    ref('stg_vt__postsecondary'),
    ref('stg_vt__assessment'),
    ref('stg_nh__cohort_counts'),
    ref('stg_nh__completers'),
    ref('stg_nh__grad_ccr'),
    ref('stg_nh__assessment'),
    ref('stg_ct__graduation_4yr_district'),
    ref('stg_ct__graduation_5yr_district'),
    ref('stg_ct__graduation_6yr_district'),
    ref('stg_ct__chronic_absence'),
    ref('stg_ct__chronic_absence_district'),
    ref('stg_ct__smarter_balanced'),
    ref('stg_ct__sat'),
    ref('stg_ct__science'),
    ref('stg_ct__science_state'),
    ref('stg_ri__assessment'),
    ref('stg_me__assessment'),
    ref('stg_nessc__growth'),
    ref('stg_nessc__college_readiness'),
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
