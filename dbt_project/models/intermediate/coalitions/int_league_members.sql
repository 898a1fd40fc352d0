-- Who belongs to the League, from which day to which: never a flag.
with members as (
    {{ league_rows(
        'membership', ['first_day'],
        ['last_day desc nulls first', 'school_kind', 'source']
    ) }}
),

dated as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        school_kind,
        first_day,
        last_day,
        source,
        source_file,
        source_row,
        delivery
    from members
)

select * from dated
