-- Cells in which two providers disagree beyond what their prints allow, and those in
-- which two files of one provider do. The public sees those whose numbers are public.
with disagreements as (
    select * from {{ ref('int_outcomes_compared') }}
    where is_beyond_range
),

contradictions as (
    select * from {{ ref('int_outcomes_contradicted') }}
),

compared as (
    select * exclude (is_beyond_range)
    from disagreements
    union all by name
    select * exclude (numerator, other_numerator)
    from contradictions
),

seen as (
    select
        compared.*,
        audiences.audience
    from compared
    cross join {{ audiences() }}
    where
        audiences.audience = 'partner'
        or compared.visibility = 'public' and compared.other_visibility = 'public'
),

published as (
    select
        audience,
        level,
        state,
        school_key,
        school_id_nces,
        school_id_state,
        school_name,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        provider,
        value_status,
        cast(value_pct as double) as value_pct,
        cast(value_low_pct as double) as value_low_pct,
        cast(value_high_pct as double) as value_high_pct,
        denominator,
        source_file,
        source_row,
        other_provider,
        other_value_status,
        cast(other_value_pct as double) as other_value_pct,
        cast(other_value_low_pct as double) as other_value_low_pct,
        cast(other_value_high_pct as double) as other_value_high_pct,
        other_denominator,
        other_source_file,
        other_source_row,
        cast(beyond_pct as double) as beyond_pct,
        visibility = 'public' and other_visibility = 'public' as is_public,
        definition_id,
        other_definition_id
    from seen
)

select * from published
