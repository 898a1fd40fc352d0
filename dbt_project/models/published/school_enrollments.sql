-- Head counts are printed by publishers; one that came under restriction is hidden.
with enrollments as (
    select * from {{ ref('int_enrollments_current') }}
    where level = 'school'
),

seen as (
    select
        enrollments.*,
        audiences.audience,
        audiences.audience = 'public'
        and coalesce(enrollments.visibility, '') <> 'public'
            as is_hidden
    from enrollments
    cross join {{ audiences() }}
),

published as (
    select
        audience,
        school_key,
        school_id_nces,
        school_id_state,
        state,
        school_name,
        cast(school_year as integer) as school_year,
        grade,
        student_group,
        {{ hide('student_count') }},
        {{ suppressed('value_status') }},
        provider,
        extract,
        {{ source_columns() }}
    from seen
)

select * from published
