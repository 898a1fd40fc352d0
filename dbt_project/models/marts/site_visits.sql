with activities as (
    select * from {{ ref('int_league_activities') }}
    where activity_kind = 'site_visit'
),

listed as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        visitor_school_key,
        visitor_name as visitor_school_name,
        activity_date,
        school_year,
        source_file,
        source_row,
        delivery
    from activities
)

select * from listed
