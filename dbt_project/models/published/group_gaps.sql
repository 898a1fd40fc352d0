-- The distance of each group from all others of its school. Hidden where either is.
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
        audiences.audience,
        audiences.audience = 'public'
        and (
            hidden_group.school_key is not null
            or hidden_complement.school_key is not null
        ) as is_hidden
    from gaps
    cross join {{ audiences() }}
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
        audience,
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
        cast(case when not is_hidden then {{ column }} end as double) as {{ column }},
        {%- endfor %}
        {%- for column in ['value_status', 'gap'] %}
        {{ suppressed(column) }},
        {%- endfor %}
        is_preferred,
        provider
    from marked
)

select * from published
