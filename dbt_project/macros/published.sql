{#- A cell for the public tier: null where the primary rule hides it. -#}
{%- macro hide(column) -%}
case when not is_hidden_from_public then {{ column }} end as {{ column }}
{%- endmacro -%}

{#- Columns of an outcome table; `public` nulls what the public must not see. Of a hidden
    cell the denominator may stay: others of the same students show it. -#}
{%- macro outcome_values(public) -%}
    {% if public %}{{ hide('numerator') }}{% else %}numerator{% endif %},
    {% if public -%}
    case when not is_denominator_hidden then denominator end as denominator
    {%- else -%}
    denominator
    {%- endif %},
    {%- for column in ['value_pct', 'value_low_pct', 'value_high_pct'] %}
    cast({% if public %}case when not is_hidden_from_public then {{ column }} end
    {%- else %}{{ column }}{% endif %} as double) as {{ column }},
    {%- endfor %}
    {% if public -%}
    case when is_hidden_from_public then 'suppressed' else value_status end as value_status
    {%- else -%}
    value_status
    {%- endif %}
{%- endmacro -%}

{%- macro school_outcomes(public) -%}
with outcomes as (
    select * from {{ ref('fct_school_outcomes') }}
),

schools as (
    select * from {{ ref('dim_school') }}
),

-- Records of students name no school: its name is the one that another file prints.
named as (
    select outcomes.* replace (
        coalesce(outcomes.school_name, schools.school_name) as school_name
    )
    from outcomes
    left join schools
        on outcomes.school_key = schools.school_key
),

published as (
    select
        school_key,
        school_id_nces,
        school_id_state,
        state,
        school_name,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        {{ outcome_values(public) }},
        is_preferred,
        provider,
        extract,
        definition_id,
        visibility,
        {{ source_columns(public) }},
        data_as_of,
        {{ source_sheet(public) }}
    from named
)

select * from published
{%- endmacro -%}

{%- macro state_outcomes(public) -%}
with outcomes as (
    select * from {{ ref('fct_state_outcomes') }}
),

published as (
    select
        state,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        {{ outcome_values(public) }},
        is_preferred,
        provider,
        extract,
        definition_id,
        visibility,
        {{ source_columns(public) }},
        data_as_of,
        {{ source_sheet(public) }},
        counted_from
    from outcomes
)

select * from published
{%- endmacro -%}

{%- macro lea_outcomes(public) -%}
with outcomes as (
    select * from {{ ref('fct_lea_outcomes') }}
),

published as (
    select
        lea_key,
        state,
        lea_id_nces,
        lea_id_state,
        lea_name,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        {{ outcome_values(public) }},
        is_preferred,
        provider,
        extract,
        definition_id,
        visibility,
        {{ source_columns(public) }},
        data_as_of,
        {{ source_sheet(public) }}
    from outcomes
)

select * from published
{%- endmacro -%}

{#- Head counts are printed by publishers; one that came under restriction is hidden. -#}
{%- macro school_enrollments(public) -%}
with enrollments as (
    select
        *,
        coalesce(visibility, '') <> 'public' as is_hidden_from_public
    from {{ ref('int_enrollments_current') }}
    where level = 'school'
),

published as (
    select
        school_key,
        school_id_nces,
        school_id_state,
        state,
        school_name,
        cast(school_year as integer) as school_year,
        grade,
        student_group,
        {% if public %}{{ hide('student_count') }}{% else %}student_count{% endif %},
        {% if public -%}
        case when is_hidden_from_public then 'suppressed' else value_status end as value_status
        {%- else -%}
        value_status
        {%- endif %},
        provider,
        extract,
        {{ source_columns(public) }}
    from enrollments
)

select * from published
{%- endmacro -%}

{#- Cells of the members of coalitions in the years that they were members. -#}
{%- macro members_outcomes(public) -%}
    select
        members.coalition_id,
        outcomes.*,
        {% if public %}outcomes.is_hidden_from_public{% else %}false{% endif %} as is_hidden,
        outcomes.value_status in ('reported', 'range')
        and outcomes.denominator > 0
        {%- if public %} and not outcomes.is_hidden_from_public{% endif %} as is_usable
    from outcomes
    inner join members
        on
            outcomes.school_key = members.school_key
            and outcomes.school_year >= members.first_year
            and outcomes.school_year <= coalesce(members.last_year, 9999)
{%- endmacro -%}

{#- Pooled over member schools: the sum of the counts, never an average of averages.
    Where a member prints a range, the pooled rate is a range. A member without a
    usable value lowers the coverage and leaves the rate alone. Rates printed without
    counts cannot be pooled: not_reported, as where nothing came. -#}
{%- macro coalition_outcomes(public) -%}
with outcomes as (
    select * from {{ ref('fct_school_outcomes') }}
    where is_preferred
),

members as (
    select * from {{ ref('bridge_coalition_school') }}
),

member_years as (
    select * from {{ ref('int_coalition_member_years') }}
),

sizes as (
    select
        coalition_id,
        school_year,
        count(*) as members_count,
        count(distinct state) as states_count
    from member_years
    group by coalition_id, school_year
),

usable as (
{{ members_outcomes(public) }}
),

pooled as (
    select
        coalition_id,
        school_year,
        metric_id,
        student_group,
        count(*) filter (where is_usable) as members_reporting_count,
        count(distinct state) filter (where is_usable) as states_reporting_count,
        {{ pooled_sums('is_usable') }}
        bool_or(value_status = 'suppressed' or is_hidden) as has_suppressed,
        bool_or(value_status = 'reported' and not is_hidden) as has_rates_without_counts,
        bool_and(value_status = 'not_applicable') as has_no_students
    from usable
    group by coalition_id, school_year, metric_id, student_group
),

published as (
    select
        pooled.coalition_id,
        cast(pooled.school_year as integer) as school_year,
        pooled.metric_id,
        pooled.student_group,
        case when is_exact then printed_numerator end as numerator,
        pooled.denominator,
        cast(case when is_exact then {{ pooled_pct('lowest_sum') }} end as double) as value_pct,
        cast(case when not is_exact then {{ pooled_pct('lowest_sum') }} end as double) as value_low_pct,
        cast(case when not is_exact then {{ pooled_pct('highest_sum') }} end as double) as value_high_pct,
        {{ pooled_status('members_reporting_count') }} as value_status,
        pooled.members_reporting_count,
        sizes.members_count,
        pooled.states_reporting_count,
        sizes.states_count
    from pooled
    inner join sizes
        on
            pooled.coalition_id = sizes.coalition_id
            and pooled.school_year = sizes.school_year
)

select * from published
{%- endmacro -%}

{#- A target would give its baseline away (m(t) divided by the factor), so the public
    sees no target whose baseline is hidden. That there is a target says that the baseline
    has students, and one from another year than the rule's that the rule's year has none:
    the public has no row of either (docs/decisions/0053). -#}
{%- macro hidden_baselines() -%}
hidden as (
    select * from {{ ref('int_suppressed_cells') }}
    where level = 'school'
),

hidden_series as (
    select
        school_key,
        metric_id,
        student_group,
        max(school_year) as last_hidden_year
    from hidden
    group by school_key, metric_id, student_group
)
{%- endmacro -%}

{%- macro joins_hidden_series(relation) -%}
    left join hidden_series
        on
            {{ relation }}.school_key = hidden_series.school_key
            and {{ relation }}.metric_id = hidden_series.metric_id
            and {{ relation }}.student_group = hidden_series.student_group
{%- endmacro -%}

{%- macro has_hidden_start() -%}
hidden_baseline.school_key is not null
        or baseline_reason <> 'year_of_the_rule' and hidden_series.school_key is not null
            as has_hidden_start
{%- endmacro -%}

{%- macro joins_hidden(alias, relation, year, provider) -%}
    left join hidden as {{ alias }}
        on
            {{ relation }}.school_key = {{ alias }}.school_key
            and {{ relation }}.{{ provider }} = {{ alias }}.provider
            and {{ relation }}.metric_id = {{ alias }}.metric_id
            and {{ relation }}.student_group = {{ alias }}.student_group
            and {{ relation }}.{{ year }} = {{ alias }}.school_year
{%- endmacro -%}

{%- macro target_values(public) -%}
    {%- for column in [
        'baseline_not_meeting_pct', 'baseline_not_meeting_low_pct',
        'baseline_not_meeting_high_pct', 'target_not_meeting_pct', 'target_pct',
        'target_low_pct', 'target_high_pct',
    ] %}
    {% if public %}{{ hide(column) }}{% else %}{{ column }}{% endif %},
    {%- endfor %}
{%- endmacro -%}

{#- CTE bodies shared by the targets and their status: points where low = high. -#}
{%- macro pointed(relation) -%}
    select
        *,
        cast(not_meeting_low_pct as decimal(18, 12)) as baseline_not_meeting_low_pct,
        cast(not_meeting_high_pct as decimal(18, 12)) as baseline_not_meeting_high_pct,
        case when not_meeting_low_pct = not_meeting_high_pct then not_meeting_low_pct end
            as baseline_not_meeting_pct,
        case
            when target_not_meeting_low_pct = target_not_meeting_high_pct
                then target_not_meeting_low_pct
        end as target_not_meeting_pct,
        case when target_low_pct = target_high_pct then target_low_pct end as target_pct
    from {{ relation }}
{%- endmacro -%}

{%- macro school_targets(public) -%}
with targets as (
    select * from {{ ref('int_school_targets') }}
),

{{ hidden_baselines() }},

marked as (
    select
        targets.*,
        {{ has_hidden_start() }}
    from targets
{{ joins_hidden('hidden_baseline', 'targets', 'baseline_year', 'baseline_provider') }}
{{ joins_hidden_series('targets') }}
),

pointed as (
{{ pointed('marked') }}
),

published as (
    select
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
        {{ baseline_source_columns(public) }},
        cast(school_year as integer) as school_year,
        target_model,
        {{ target_values(false) }}
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
        {{ source_sheet(public, 'baseline_') }}
    from pointed
    {%- if public %}
    where not has_hidden_start
    {%- endif %}
)

select * from published
{%- endmacro -%}

{%- macro school_target_status(public) -%}
with verdicts as (
    select * from {{ ref('int_school_verdicts') }}
),

{{ hidden_baselines() }},

marked as (
    select
        verdicts.*,
        hidden_outcome.school_key is not null as is_hidden_from_public,
        {{ has_hidden_start() }}
    from verdicts
{{ joins_hidden('hidden_baseline', 'verdicts', 'baseline_year', 'baseline_provider') }}
{{ joins_hidden('hidden_outcome', 'verdicts', 'school_year', 'provider') }}
{{ joins_hidden_series('verdicts') }}
),

pointed as (
{{ pointed('marked') }}
),

published as (
    select
        school_key,
        school_id_nces,
        state,
        metric_id,
        student_group,
        cast(baseline_year as integer) as baseline_year,
        baseline_provider,
        cast(school_year as integer) as school_year,
        target_model,
        {{ target_values(public) }}
        cast(goal_pct as double) as goal_pct,
        is_override,
        rule_version,
        provider,
        {%- for column in [
            'value_pct', 'value_low_pct', 'value_high_pct',
            'interval_low_pct', 'interval_high_pct',
        ] %}
        cast({% if public %}case when not is_hidden_from_public then {{ column }} end
        {%- else %}{{ column }}{% endif %} as double) as {{ column }},
        {%- endfor %}
        {%- for column in ['value_status', 'verdict'] %}
        {% if public %}case when is_hidden_from_public then 'suppressed' else {{ column }} end
            as {{ column }}{% else %}{{ column }}{% endif %},
        {%- endfor %}
        cast(goal_version as integer) as goal_version,
        {%- for column in ['reached', 'firmness'] %}
        {% if public %}case when is_hidden_from_public then 'suppressed' else {{ column }} end
            as {{ column }}{% else %}{{ column }}{% endif %},
        {%- endfor %}
        {%- for column in ['students_count', 'students_count_provider'] %}
        {% if public %}{{ hide(column) }}{% else %}{{ column }}{% endif %}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from pointed
    {%- if public %}
    where not has_hidden_start
    {%- endif %}
)

select * from published
{%- endmacro -%}

{%- macro school_outlook(public) -%}
with outlooks as (
    select * from {{ ref('int_school_outlook') }}
),

{{ hidden_baselines() }},

marked as (
    select
        outlooks.*,
        {{ has_hidden_start() }},
        coalesce(hidden_series.last_hidden_year >= outlooks.school_year, false)
            as has_hidden_end
    from outlooks
{{ joins_hidden('hidden_baseline', 'outlooks', 'baseline_year', 'baseline_provider') }}
{{ joins_hidden_series('outlooks') }}
),

published as (
    select
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
    {%- if public %}
    where not has_hidden_start and not has_hidden_end
    {%- endif %}
)

select * from published
{%- endmacro -%}

{%- macro group_gaps(public) -%}
with gaps as (
    select * from {{ ref('int_group_gaps') }}
),

hidden as (
    select * from {{ ref('int_suppressed_cells') }}
    where level = 'school'
),

marked as (
    select
        gaps.*,
        hidden_group.school_key is not null or hidden_complement.school_key is not null
            as is_hidden_from_public
    from gaps
{{ joins_hidden('hidden_group', 'gaps', 'school_year', 'provider') }}
    left join hidden as hidden_complement
        on
            gaps.school_key = hidden_complement.school_key
            and gaps.provider = hidden_complement.provider
            and gaps.metric_id = hidden_complement.metric_id
            and gaps.complement_group = hidden_complement.student_group
            and gaps.school_year = hidden_complement.school_year
),

published as (
    select
        school_key,
        school_id_nces,
        state,
        school_name,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        complement_group,
        {%- for column in [
            'gap_low_points', 'gap_high_points', 'interval_low_points',
            'interval_high_points',
        ] %}
        cast({% if public %}case when not is_hidden_from_public then {{ column }} end
        {%- else %}{{ column }}{% endif %} as double) as {{ column }},
        {%- endfor %}
        {%- for column in ['value_status', 'gap'] %}
        {% if public %}case when is_hidden_from_public then 'suppressed' else {{ column }} end
            as {{ column }}{% else %}{{ column }}{% endif %},
        {%- endfor %}
        is_preferred,
        provider
    from marked
)

select * from published
{%- endmacro -%}

{#- The public knows of no hidden number why a school has no target, but that it is one. -#}
{%- macro target_coverage(public) -%}
with coverage as (
    select * from {{ ref('int_target_coverage') }}
),
{% if public %}
{{ hidden_baselines() }},

targets as (
    select distinct
        school_key,
        metric_id,
        student_group,
        school_year,
        true as is_shown
    from {{ ref('school_targets_public') }}
),
{% endif %}
told as (
    select
        coverage.* exclude (reason),
        {% if public -%}
        case
            when targets.is_shown then 'target'
            when
                hidden_series.school_key is not null
                and coverage.reason not in ('closed', 'metric_not_reported_in_state')
                then 'suppressed_baseline'
            else coverage.reason
        end as reason
        {%- else -%}
        coverage.reason
        {%- endif %}
    from coverage
    {%- if public %}
{{ joins_hidden_series('coverage') }}
    left join targets
        on
            coverage.school_key = targets.school_key
            and coverage.metric_id = targets.metric_id
            and coverage.student_group = targets.student_group
            and coverage.school_year = targets.school_year
    {%- endif %}
),

published as (
    select
        school_key,
        state,
        metric_id,
        student_group,
        cast(school_year as integer) as school_year,
        reason = 'target' as has_target,
        reason
    from told
)

select * from published
{%- endmacro -%}
