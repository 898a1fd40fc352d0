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
        try_cast(left(launch_year, 4) as integer) + 1 as stated_launch_year,
        value_status,
        try_cast(per_pupil_revenue as decimal(9, 2)) as per_pupil_revenue,
        try_cast(enrollment as bigint) as enrollment_count,
        try_cast(operating_cost as decimal(14, 2)) as operating_cost,
        {{ league_fault(
            typed={
                'left(launch_year, 4)': 'integer',
                'per_pupil_revenue': 'decimal(9, 2)',
                'enrollment': 'decimal(5, 0)',
                'operating_cost': 'decimal(14, 2)',
            },
            required=['school_name'],
            known={
                'state': 'state in (select states.state from ' ~ ref('states') ~ ' as states)',
                'value_status': "value_status in ('reported', 'not_reported')",
                'operating_cost': "value_status <> 'reported' or operating_cost is not null",
            }
        ) }},
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from printed
)

select * from renamed
