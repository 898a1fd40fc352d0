-- How fast a school came along its path, and has to. The public sees none that starts
-- from a hidden number, or that a hidden one came into.
with outlooks as (
    select * from {{ ref('int_school_outlook') }}
),

{{ hidden_baselines() }},

marked as (
    select
        outlooks.*,
        audiences.audience,
        {{ has_hidden_start() }},
        coalesce(hidden_series.last_hidden_year >= outlooks.school_year, false)
            as has_hidden_end
    from outlooks
    cross join {{ audiences() }}
    {{ joins_hidden(
        'hidden_baseline', 'outlooks', 'baseline_year', 'baseline_provider'
    ) }}
    {{ joins_hidden_series('outlooks') }}
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
        cast(school_year as integer) as school_year,
        cast(last_target_year as integer) as last_target_year,
        cast(goal_pct as double) as goal_pct,
        {%- for column in [
            'achieved_low_pct', 'achieved_high_pct', 'required_low_pct', 'required_high_pct',
        ] %}
        cast({{ column }} as double) as {{ column }},
        {%- endfor %}
        goal_year,
        outlook,
        rule_version,
        outlook_reason
    from marked
    where audience = 'partner' or not has_hidden_start and not has_hidden_end
)

select * from published
