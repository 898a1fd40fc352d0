-- The spells that count, in the order of time: those of the school that answers, of
-- students of whom no row was set aside.
with spells as (
    select * from {{ ref('int_responsible_spells') }}
),

students_set_aside as (
    select * from {{ ref('int_students_set_aside') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

whole as (
    select
        spells.*,
        coalesce(spells.exit_date, case
            when spells.exit_outcome <> 'continues'
                then {{ day_of_year(
                    'spells.school_year', 'rules.graduation_date_if_missing'
                ) }}
        end) as exit_on
    from spells
    inner join rules
        on spells.state = rules.state
    anti join students_set_aside
        on
            spells.state = students_set_aside.state
            and spells.student_key = students_set_aside.student_key
            and students_set_aside.records = 'enrollment'
),

-- Of two spells at once the one that ends later is the later one.
dated as (
    select
        *,
        row_number() over (
            partition by state, student_key
            order by
                school_year asc nulls last,
                ends_on asc nulls last,
                entry_date asc nulls first,
                school_id_state asc nulls last,
                source_file asc nulls last,
                source_row asc nulls last
        ) as spell_number
    from whole
),

followed as (
    select
        *,
        lead(school_year) over (
            partition by state, student_key order by
                spell_number asc nulls last
        ) as next_school_year
    from dated
)

select * from followed
