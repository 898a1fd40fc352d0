with released as (
    select * from {{ source('lake', 'released_cells') }}
),

typed as (
    select
        level,
        place_key,
        school_year,
        metric_id,
        student_group,
        numerator,
        denominator
    from released
)

select * from typed
