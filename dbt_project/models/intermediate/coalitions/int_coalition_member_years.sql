-- In which school years a school is counted as a member of a coalition: those of its
-- membership from its first row to its last, and on to the next file of its state,
-- unless it is known to have closed. Without that year a school that drops out of the
-- newest file would leave the coverage as it was.
with members as (
    select * from {{ ref('int_coalition_members') }}
),

schools as (
    select * from {{ ref('int_schools') }}
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school'
),

-- A year that did not come is no later file.
printed_years as (
    select distinct
        state,
        school_year
    from outcomes
    where value_status <> 'not_reported' or source_file is not null
),

closings as (
    {{ closings() }}
),

due as (
    select
        schools.school_key,
        schools.state,
        schools.first_year,
        schools.last_year,
        closings.closed_year,
        min(printed_years.school_year) as year_after
    from schools
    left join closings
        on schools.school_key = closings.school_key
    left join printed_years
        on
            schools.state = printed_years.state
            and schools.last_year < printed_years.school_year
    group by all
),

years as (
    select distinct school_year
    from outcomes
),

member_years as (
    select distinct
        members.coalition_id,
        members.school_key,
        due.state,
        years.school_year
    from members
    inner join due
        on members.school_key = due.school_key
    inner join years
        on
            due.first_year <= years.school_year
            and (
                due.last_year >= years.school_year
                or due.year_after >= years.school_year
                and (
                    due.closed_year is null
                    or due.closed_year > years.school_year
                )
            )
            and members.first_year <= years.school_year
            and coalesce(members.last_year, 9999) >= years.school_year
)

select * from member_years
