-- Schools of the cohort that the rule names, with at least its share of low-income
-- students, are subsidised. The share is the newest known for the school year in which
-- the school was selected or before, unrounded. No share, no answer.
with cohorts as (
    select * from {{ ref('league_cohorts') }}
),

shares as (
    select * from {{ ref('int_school_low_income') }}
),

ruled as (
    select
        *,
        coalesce(actual_cohort, planned_cohort) as cohort,
        case when actual_cohort is null then 'planned' else 'actual' end
            as cohort_basis,
        {{ school_year_of('coalesce(actual_selection_date, planned_selection_date)') }}
            as selection_year,
        {{ league_rule('subsidy_cohort', 'integer') }} as subsidised_cohort,
        {{ league_rule('subsidy_min_low_income_pct', 'decimal(18, 6)') }}
            as min_low_income_pct
    from cohorts
),

newest as (
    select
        ruled.*,
        shares.school_year as low_income_year,
        shares.basis as low_income_basis,
        shares.low_income_count,
        shares.students_count,
        shares.low_income_pct,
        shares.provider as low_income_provider,
        shares.extract as low_income_extract,
        shares.source_file as low_income_source_file,
        shares.source_row as low_income_source_row
    from ruled
    left join shares
        on
            ruled.school_key = shares.school_key
            and ruled.selection_year >= shares.school_year
    qualify row_number() over (
        partition by ruled.school_key
        order by
            shares.school_year desc nulls last,
            shares.source_file desc,
            shares.source_row desc
    ) = 1
),

judged as (
    select
        school_key,
        school_id_nces,
        state,
        school_name,
        cohort,
        cohort_basis,
        selection_year,
        low_income_year,
        low_income_basis,
        low_income_count,
        students_count,
        cast(low_income_pct as double) as low_income_pct,
        cast(min_low_income_pct as double) as min_low_income_pct,
        case
            when cohort <> subsidised_cohort then 'not_eligible'
            when low_income_pct is null then 'unknown'
            when low_income_pct >= min_low_income_pct then 'eligible'
            else 'not_eligible'
        end as eligibility,
        case
            when cohort <> subsidised_cohort then 'another cohort'
            when low_income_pct is null
                then 'no share of low-income students known by the year of selection'
            when low_income_pct >= min_low_income_pct
                then 'the cohort of the rule, at or above its share'
            else 'the cohort of the rule, below its share'
        end as reason,
        low_income_provider,
        low_income_extract,
        low_income_source_file,
        low_income_source_row
    from newest
)

select * from judged
