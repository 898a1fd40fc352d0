-- Where each member of a cohort stood four, five and six years after entering grade 9:
-- the last spell that began by the cutoff. Its school is the one that answers for the
-- student (a move within the state is no transfer out; RIDE exit update).
with members as (
    select * from {{ ref('int_cohort_members') }}
),

spells as (
    select * from {{ ref('int_student_exits') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

record_years as (
    select * from {{ ref('int_record_years') }}
),

horizons as (
    select years.horizon_years
    from (values (4), (5), (6)) as years (horizon_years)
),

-- A horizon is observed where the records reach from grade 9 of the class to its year.
observed as (
    select
        members.*,
        horizons.horizon_years,
        members.cohort_year + horizons.horizon_years - 4 as horizon_school_year,
        record_years.last_year as last_record_year,
        {{ day_of_year(
            '(members.cohort_year + horizons.horizon_years - 4)', 'rules.outcome_cutoff'
        ) }} as cutoff_date,
        rules.records_must_reach_back
    from members
    cross join horizons
    inner join rules
        on members.state = rules.state
    inner join record_years
        on
            members.state = record_years.state
            and record_years.is_state
            and members.cohort_year + horizons.horizon_years - 4
            <= record_years.last_year
            and (
                members.cohort_year - 3 >= record_years.first_year
                or not rules.records_must_reach_back
            )
),

by_cutoff as (
    select
        observed.*,
        spells.lea_id_state,
        spells.school_id_state,
        spells.origin,
        spells.school_year,
        spells.next_school_year,
        spells.spell_number,
        case
            when spells.exit_on <= observed.cutoff_date then spells.exit_outcome
            else 'continues'
        end as standing
    from observed
    inner join spells
        on
            observed.state = spells.state
            and observed.student_key = spells.student_key
            and observed.horizon_school_year >= spells.school_year
            and observed.cutoff_date >= coalesce(
                spells.entry_date, observed.cutoff_date
            )
),

-- Who has a regular diploma keeps it, whatever comes after.
last_spells as (
    select *
    from by_cutoff
    qualify row_number() over (
        partition by state, student_key, horizon_years
        order by
            standing = 'graduate' desc nulls last,
            if(standing = 'graduate', -spell_number, spell_number) desc nulls last
    ) = 1
),

schools_reached as (
    select
        last_spells.*,
        record_years.last_year >= last_spells.horizon_school_year
        and (
            record_years.first_year <= last_spells.cohort_year - 3
            or not last_spells.records_must_reach_back
        ) as is_school_observed
    from last_spells
    left join record_years
        on
            last_spells.state = record_years.state
            and last_spells.school_id_state = record_years.school_id_state
)

select * from schools_reached
