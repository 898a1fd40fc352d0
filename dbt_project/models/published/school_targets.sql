-- A target would give its baseline away (m(t) divided by the factor), so the public
-- sees no target whose baseline is hidden. That there is a target says that the
-- baseline has students, and one from another year than the rule's that the rule's year
-- has none: the public has no row of either (docs/decisions/0053).
with targets as (
    select * from {{ ref('int_school_targets') }}
),

{{ hidden_baselines() }},

marked as (
    select
        targets.*,
        audiences.audience,
        {{ has_hidden_start() }}
    from targets
    cross join {{ audiences() }}
    {{ joins_hidden(
        'hidden_baseline', 'targets', 'baseline_year', 'baseline_provider'
    ) }}
    {{ joins_hidden_series('targets') }}
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
        baseline_reason,
        break_description,
        baseline_status,
        baseline_provider,
        case
            when {{ is_source_shown('baseline_') }} then baseline_source_file
            else {{ restricted_file() }}
        end as baseline_source_file,
        case when {{ is_source_shown('baseline_') }} then baseline_source_row end
            as baseline_source_row,
        cast(school_year as integer) as school_year,
        target_model,
        baseline_not_meeting_pct,
        baseline_not_meeting_low_pct,
        baseline_not_meeting_high_pct,
        target_not_meeting_pct,
        target_pct,
        target_low_pct,
        target_high_pct,
        cast(goal_pct as double) as goal_pct,
        is_override,
        target_year_means,
        rule_version,
        cast(goal_version as integer) as goal_version,
        {%- for column in [
            'meets_goal', 'target_not_meeting_low_pct', 'target_not_meeting_high_pct',
            'rule_not_meeting_low_pct', 'rule_not_meeting_high_pct',
            'override_reason', 'override_author_role', 'override_decided_on',
        ] %}
        {{ column }},
        {%- endfor %}
        cast(rule_year as integer) as rule_year,
        {{ source_sheet('baseline_') }}
    from pointed
    where audience = 'partner' or not has_hidden_start
)

select * from published
