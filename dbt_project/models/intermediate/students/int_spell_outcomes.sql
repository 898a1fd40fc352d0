-- What each spell's end means for the cohort, by the rules of the state.
with spells as (
    select * from {{ ref('int_student_spells') }}
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

-- 34 CFR 200.19(b)(1): a regular diploma makes a graduate; a documented transfer to a
-- school that leads to one, emigration and death remove from the cohort; whoever leaves
-- for another reason stays in. The switches stand in the seed cohort_rules.
judged as (
    select
        spells.*,
        case
            when
                coalesce(spells.exit_category, 'regular_diploma') = 'regular_diploma'
                and (
                    spells.diploma_category = 'regular'
                    or spells.exit_category is not null
                    and spells.diploma_category is null
                )
                then 'graduate'
            when
                rules.adult_diploma_graduates
                and (
                    spells.exit_category = 'adult_diploma'
                    or coalesce(spells.exit_category, 'regular_diploma')
                    = 'regular_diploma'
                    and spells.diploma_category = 'adult'
                )
                then 'graduate'
            when
                spells.exit_category
                in ('regular_diploma', 'adult_diploma', 'other_credential')
                then 'other_completer'
            when spells.exit_category = 'ged_program'
                then if(rules.ged_program_drops_out, 'dropout', 'other_completer')
            when spells.exit_category = 'early_college'
                then if(rules.early_college_drops_out, 'dropout', 'other_completer')
            when spells.exit_category = 'max_age'
                then if(rules.max_age_drops_out, 'dropout', 'other_leaver')
            when spells.exit_category = 'institution'
                then if(rules.institution_leaves_cohort, 'leaves_cohort', 'dropout')
            when
                spells.exit_category = 'transfers_out'
                and spells.ceds_exit_type = '01918'
                and not rules.home_school_leaves_cohort
                then 'dropout'
            when spells.exit_category in ('transfers_out', 'emigrates', 'dies')
                then 'leaves_cohort'
            when spells.exit_category = 'drops_out' then 'dropout'
            when spells.exit_category = 'unknown'
                then if(rules.unknown_drops_out, 'dropout', 'other_leaver')
            when spells.exit_category = 'moves_in_state' then 'moves'
            else 'continues'
        end as exit_outcome
    from spells
    inner join rules
        on spells.state = rules.state
)

select * from judged
