-- The verdict on each target whose year has an outcome. Of a hidden outcome the public
-- sees that there is one, and nothing where the baseline is hidden (school_targets).
with verdicts as (
    select * from {{ ref('int_school_verdicts') }}
),

{{ hidden_baselines() }},

marked as (
    select
        verdicts.*,
        audiences.audience,
        audiences.audience = 'public' and hidden_outcome.school_key is not null
            as is_hidden,
        {{ has_hidden_start() }}
    from verdicts
    cross join {{ audiences() }}
    {{ joins_hidden(
        'hidden_baseline', 'verdicts', 'baseline_year', 'baseline_provider'
    ) }}
    {{ joins_hidden('hidden_outcome', 'verdicts', 'school_year', 'provider') }}
    {{ joins_hidden_series('verdicts') }}
),

pointed as (
    {{ pointed('marked') }}
),

published as (
    select
        audience,
        school_key,
        school_id_nces,
        state,
        metric_id,
        student_group,
        cast(baseline_year as integer) as baseline_year,
        baseline_provider,
        cast(school_year as integer) as school_year,
        target_model,
        {%- for column in [
            'baseline_not_meeting_pct', 'baseline_not_meeting_low_pct',
            'baseline_not_meeting_high_pct', 'target_not_meeting_pct', 'target_pct',
            'target_low_pct', 'target_high_pct',
        ] %}
        {{ hide(column) }},
        {%- endfor %}
        cast(goal_pct as double) as goal_pct,
        is_override,
        rule_version,
        provider,
        {%- for column in [
            'value_pct', 'value_low_pct', 'value_high_pct',
            'interval_low_pct', 'interval_high_pct',
        ] %}
        cast(case when not is_hidden then {{ column }} end as double) as {{ column }},
        {%- endfor %}
        {%- for column in ['value_status', 'verdict'] %}
        {{ suppressed(column) }},
        {%- endfor %}
        cast(goal_version as integer) as goal_version,
        {%- for column in ['reached', 'firmness'] %}
        {{ suppressed(column) }},
        {%- endfor %}
        {%- for column in ['students_count', 'students_count_provider'] %}
        {{ hide(column) }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from pointed
    where audience = 'partner' or not has_hidden_start
)

select * from published
