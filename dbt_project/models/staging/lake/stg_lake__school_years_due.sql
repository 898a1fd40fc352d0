with contracts as (
    select * from {{ source('lake', 'school_years_due') }}
),

typed as (
    select
        provider,
        extract,
        school_year,
        files_due,
        states,
        not_collected_reason,
        due_on,
        grace_days
    from contracts
)

select * from typed
