-- A lever that a school does not use has a row that says so; one that nobody asked
-- about has none.
with levers as (
    {{ league_rows('levers', ['school_year', 'lever']) }}
),

listed as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        cast(school_year as integer) as school_year,
        lever,
        is_in_use,
        source_file,
        source_row,
        delivery
    from levers
)

select * from listed
