-- The rate of a student group less that of its complement (seed student_groups), in
-- percentage points, both of one provider. The interval is Newcombe's (1998, method
-- 10), from the Wilson intervals of the two rates, of a printed range at its bounds. A
-- gap that may be none is nobody's to call.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school'
),

student_groups as (
    select * from {{ ref('student_groups') }}
),

rules as (
    select max(cast(confidence_z as double)) as z
    from {{ ref('target_rules') }}
    where is_active
),

-- One pair once: the group that stands first in the list, less its complement.
pairs as (
    select
        one.student_group,
        one.complement_group
    from student_groups as one
    inner join student_groups as other
        on one.complement_group = other.student_group
    where one.sort_order < other.sort_order
),

intervals as (
    select
        outcomes.*,
        {{ wilson_end('outcomes.lowest_pct', 'outcomes.denominator', 'rules.z', '-') }}
            as interval_low_pct,
        {{ wilson_end('outcomes.highest_pct', 'outcomes.denominator', 'rules.z', '+') }}
            as interval_high_pct
    from outcomes
    cross join rules
),

paired as (
    select
        one.provider,
        one.school_key,
        one.school_id_nces,
        one.state,
        one.school_name,
        one.school_year,
        one.metric_id,
        one.student_group,
        pairs.complement_group,
        one.definition_id,
        other.definition_id as complement_definition_id,
        one.is_preferred,
        one.visibility,
        case
            when 'suppressed' in (one.value_status, other.value_status)
                then 'suppressed'
            when
                one.value_status in ('reported', 'range')
                and other.value_status in ('reported', 'range')
                then case
                    when
                        one.lowest_pct = one.highest_pct
                        and other.lowest_pct = other.highest_pct
                        then 'reported'
                    else 'range'
                end
            when
                one.value_status = 'not_applicable'
                or other.value_status = 'not_applicable'
                then 'not_applicable'
            else 'not_reported'
        end as value_status,
        one.lowest_pct - other.highest_pct as gap_low_points,
        one.highest_pct - other.lowest_pct as gap_high_points,
        {{ newcombe_distance(
            'one.lowest_pct - one.interval_low_pct',
            'other.interval_high_pct - other.highest_pct'
        ) }} as below_points,
        {{ newcombe_distance(
            'one.interval_high_pct - one.highest_pct',
            'other.lowest_pct - other.interval_low_pct'
        ) }} as above_points
    from intervals as one
    inner join pairs
        on one.student_group = pairs.student_group
    inner join intervals as other
        on
            one.provider = other.provider
            and one.school_key = other.school_key
            and one.school_year = other.school_year
            and one.metric_id = other.metric_id
            and pairs.complement_group = other.student_group
),

bounded as (
    select
        *,
        cast(gap_low_points as double) - below_points as interval_low_points,
        cast(gap_high_points as double) + above_points as interval_high_points
    from paired
),

judged as (
    select
        * exclude (below_points, above_points),
        case
            when value_status not in ('reported', 'range') then value_status
            when interval_low_points > 0 then 'higher'
            when interval_high_points < 0 then 'lower'
            else 'cannot_tell'
        end as gap
    from bounded
)

select * from judged
