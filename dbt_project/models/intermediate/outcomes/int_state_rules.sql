-- The cohort rules as they hold in each state: its own row, else the row of all (*).
with rules as (
    select * from {{ ref('cohort_rules') }}
),

states as (
    select * from {{ ref('states') }}
),

ruled as (
    select
        states.state,
        rules.rule,
        rules.value
    from states
    inner join rules
        on rules.state in ('*', states.state)
    qualify row_number() over (
        partition by states.state, rules.rule
        order by
            rules.state = '*' asc nulls last,
            rules.state asc nulls last
    ) = 1
),

pivoted as (
    select
        state,
        {%- for rule in [
            'adult_diploma_graduates', 'unknown_drops_out', 'ged_program_drops_out',
            'max_age_drops_out', 'institution_leaves_cohort', 'home_school_leaves_cohort',
            'early_college_drops_out', 'move_without_arrival_leaves_cohort',
            'no_show_looks_ahead', 'extended_cohort_readjusts', 'records_must_reach_back',
            'withdrawn_counts_as_enrolled', 'enrollment_is_statewide',
            'listing_is_statewide',
        ] %}
        coalesce(max(value) filter (where rule = '{{ rule }}') = 'true', false)
            as {{ rule }},
        {%- endfor %}
        {%- for rule in [
            'chronic_threshold_pct', 'chronic_min_days_member',
            'minimum_state_coverage_pct',
        ] %}
        cast(max(value) filter (where rule = '{{ rule }}') as decimal(9, 3))
            as {{ rule }},
        {%- endfor %}
        cast(max(value) filter (where rule = 'completion_years') as integer)
            as completion_years,
        {%- for rule in [
            'subgroup_rule', 'outcome_cutoff', 'graduation_date_if_missing',
            'event_dropout_exits', 'summer_dropout_year', 'event_denominator',
            'college_graduates', 'college_level_tie', 'less_than_two_years_level',
        ] %}
        max(value) filter (where rule = '{{ rule }}') as {{ rule }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from ruled
    group by state
)

select * from pivoted
