-- Who belongs to the League, from which day to which.
with members as (
    select * from {{ ref('int_league_members') }}
),

published as (
    select
        school_key,
        school_id_nces,
        state,
        school_name,
        school_kind,
        first_day,
        last_day,
        source,
        source_file,
        source_row,
        delivery
    from members
)

select * from published
