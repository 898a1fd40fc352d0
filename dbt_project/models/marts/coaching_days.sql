with activities as (
    select * from {{ ref('int_league_activities') }}
    where activity_kind = 'coaching_day'
),

listed as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        activity_date,
        school_year,
        days,
        source_file,
        source_row,
        delivery
    from activities
)

select * from listed
