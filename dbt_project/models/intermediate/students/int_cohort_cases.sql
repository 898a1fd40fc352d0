-- Members of the cohorts, once for each metric that they are counted in. The four
-- outcomes of a horizon are one partition: their numerators add up to the cohort.
with outcomes as (
    select * from {{ ref('int_cohort_outcomes') }}
),

metrics as (
    {%- for metric_id, outcome, horizon in [
        ('acgr_4yr', 'graduate', 4),
        ('dropout_cohort', 'dropout', 4),
        ('other_completion_4yr', 'other_completer', 4),
        ('still_enrolled_4yr', 'still_enrolled', 4),
        ('acgr_5yr', 'graduate', 5),
        ('still_enrolled_5yr', 'still_enrolled', 5),
        ('acgr_6yr', 'graduate', 6),
        ('still_enrolled_6yr', 'still_enrolled', 6),
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        '{{ metric_id }}' as metric_id,
        '{{ outcome }}' as outcome,
        {{ horizon }} as horizon_years
    {%- endfor %}
),

cases as (
    select
        'cohort' as extract,
        metrics.metric_id,
        outcomes.state,
        outcomes.lea_id_state,
        outcomes.school_id_state,
        outcomes.cohort_year as school_year,
        outcomes.student_key,
        outcomes.first_school_year as first_year,
        outcomes.horizon_school_year as last_year,
        cast(outcomes.outcome = metrics.outcome as integer) as numerator,
        1 as denominator,
        coalesce(outcomes.is_school_observed, false) as is_school_case,
        outcomes.is_statewide as is_state_case,
        outcomes.origin
    from outcomes
    inner join metrics
        on outcomes.horizon_years = metrics.horizon_years
)

select * from cases
