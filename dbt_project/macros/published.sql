{#- Columns of an outcome table; the numbers of a hidden cell are null. -#}
{%- macro outcome_values() -%}
{{ hide('numerator') }},
        case when not is_denominator_hidden then denominator end as denominator,
        {%- for column in ['value_pct', 'value_low_pct', 'value_high_pct'] %}
        cast(case when not is_hidden then {{ column }} end as double) as {{ column }},
        {%- endfor %}
        {{ suppressed('value_status') }}
{%- endmacro -%}

{#- Cells of the members of coalitions in the years that they were members, as each
    audience sees them. -#}
{%- macro members_outcomes() -%}
    select
        audiences.audience,
        members.coalition_id,
        outcomes.*,
        audiences.audience = 'public' and outcomes.is_hidden_from_public as is_hidden,
        outcomes.value_status in ('reported', 'range')
        and outcomes.denominator > 0
        and not (audiences.audience = 'public' and outcomes.is_hidden_from_public)
            as is_usable
    from outcomes
    inner join members
        on
            outcomes.school_key = members.school_key
            and outcomes.school_year >= members.first_year
            and outcomes.school_year <= coalesce(members.last_year, 9999)
    cross join {{ audiences() }}
{%- endmacro -%}

{#- What the public must not know of where a path starts. -#}
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
