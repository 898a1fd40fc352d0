-- The same cell from two providers, side by side. They agree when the preferred rate as
-- printed lies among the unrounded rates that the other print allows: 88.5 agrees with
-- 88 and with 89, and 89.7 with the range 90-94.
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where value_status in ('reported', 'range')
),

pairs as (
    select
        preferred.level,
        preferred.state,
        preferred.school_key,
        preferred.school_id_nces,
        preferred.school_id_state,
        preferred.school_name,
        preferred.school_year,
        preferred.metric_id,
        preferred.student_group,
        preferred.provider,
        other.provider as other_provider,
        preferred.definition_id,
        other.definition_id as other_definition_id,
        preferred.value_status,
        other.value_status as other_value_status,
        preferred.value_pct,
        preferred.value_low_pct,
        preferred.value_high_pct,
        other.value_pct as other_value_pct,
        other.value_low_pct as other_value_low_pct,
        other.value_high_pct as other_value_high_pct,
        preferred.denominator,
        other.denominator as other_denominator,
        greatest(
            0,
            coalesce(preferred.value_pct, preferred.lowest_pct) - other.highest_pct,
            other.lowest_pct - coalesce(preferred.value_pct, preferred.highest_pct)
        ) as beyond_pct,
        preferred.visibility,
        other.visibility as other_visibility,
        preferred.source_file,
        preferred.source_row,
        other.source_file as other_source_file,
        other.source_row as other_source_row
    from outcomes as preferred
    inner join outcomes as other
        on
            preferred.level = other.level
            and preferred.state = other.state
            and preferred.school_key is not distinct from other.school_key
            and preferred.school_year = other.school_year
            and preferred.metric_id = other.metric_id
            and preferred.student_group = other.student_group
    where preferred.is_preferred and not other.is_preferred
),

compared as (
    select
        *,
        beyond_pct > 0 as is_beyond_range
    from pairs
)

select * from compared
