{%- set keys = [
    'activity_kind', 'activity_date', 'visitor_state', 'visitor_school_id_nces',
    'visitor_school_id_state', 'visitor_school_name', 'resource_title',
] %}

with activities as (
    {{ league_rows('activities', keys) }}
),

visitors as (
    select * from {{ ref('int_league_schools') }}
    where role = 'visitor'
),

met as (
    select
        activities.*,
        {{ school_year_of('activities.activity_date') }} as school_year,
        visitors.school_key as visitor_school_key,
        visitors.known_name as visitor_name
    from activities
    left join visitors
        on
            activities.delivery = visitors.delivery
            and activities.source_file = visitors.source_file
            and activities.source_row = visitors.source_row
)

select * from met
