-- Every printed rate with the reason why it must not be published, or none. Contracts
-- refuse such rows; what one lets through is set aside here, alone. A table: six models
-- read it.
with outcomes as (
    select * from {{ ref('int_outcomes_unioned') }}
),

states as (
    {{ spelled_states() }}
),

labels as (
    select * from {{ ref('student_group_labels') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

-- A unit of the last digit that a file prints: whole per cent or tenths. Some
-- publishers cut where others round (Connecticut prints 88.3 for 37,316 of 42,234).
digits as (
    select
        provider,
        extract,
        delivery,
        case when bool_or(value_pct <> floor(value_pct)) then 0.1 else 1 end as unit
    from outcomes
    where value_status = 'reported'
    group by provider, extract, delivery
),

joined as (
    select
        outcomes.*,
        states.state as known_state,
        states.state_fips,
        labels.student_group,
        metrics.definition_id as known_definition_id,
        digits.unit
    from outcomes
    left join states
        on outcomes.state = states.printed_state
    left join labels
        on
            outcomes.provider = labels.provider
            and outcomes.student_group_label = labels.student_group_label
    left join metrics
        on outcomes.metric_id = metrics.metric_id
    left join digits
        on
            outcomes.provider = digits.provider
            and outcomes.extract = digits.extract
            and outcomes.delivery = digits.delivery
),

judged as (
    select
        * exclude (
            known_state, state_fips, student_group, known_definition_id, unit
        ),
        {{ first_reason({
            'The state is not in the seed states': 'known_state is null',
            'The student group is not in the seed student_group_labels':
                'student_group is null',
            'The metric is not in the seed metrics': 'known_definition_id is null',
            'The definition is not that of the metric':
                "coalesce(definition_id, '') <> known_definition_id",
            'The row names no school year': 'school_year is null',
            'The row names no school':
                "level = 'school' and coalesce(school_id_nces, school_id_state, school_name) is null",
            'The row names no district':
                "level = 'lea' and coalesce(lea_id_state, lea_name) is null",
            'The federal ids of school, district and state do not begin with each other':
                'left(school_id_nces, 7) <> lea_id_nces or left(school_id_nces, 2) <> state_fips',
            'The printed value is no number from 0 to 100, no range and no known marker':
                "value_status is null or value_status = 'reported' and (value_pct between 0 and 100) is not true",
            'A bound of the printed range is no number or above the other bound':
                "value_status = 'range' and (value_low_pct <= value_high_pct) is not true",
            'A count is below 0 or has more than nine digits':
                'not coalesce(numerator between 0 and 999999999, true) or not coalesce(denominator between 0 and 999999999, true)',
            'More students are counted than there are in the group': 'numerator > denominator',
            'The printed rate does not follow from the printed counts':
                "value_status = 'reported' and denominator > 0 and abs(100.0 * numerator / denominator - value_pct) > unit + 0.0001",
        }) }} as fault
    from joined
)

select * from judged
