-- The launch is printed as a school year; its end year counts.
with printed as (
    select * from {{ source('league', 'finances') }}
),

renamed as (
    select
        'league' as provider,
        'finances' as extract,
        state,
        school_id_nces,
        school_id_state,
        school_name,
        _school_year as school_year,
        cast(left(launch_year, 4) as integer) + 1 as stated_launch_year,
        value_status,
        cast(per_pupil_revenue as decimal(9, 2)) as per_pupil_revenue,
        cast(enrollment as bigint) as enrollment_count,
        cast(operating_cost as decimal(14, 2)) as operating_cost,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery,
    from printed
)

select * from renamed
