/*
**What is this test?** The newest version of a cell in int_outcome_versions holds the
numbers of its row in int_outcomes_current, and a withdrawn cell has no row there.
**When is this important to resolve?** At once: history would tell of another present.
**How to resolve?** Both order files by landing, name and row: compare the two models.
*/
with versions as (
    select * from {{ ref('int_outcome_versions') }}
    where valid_to is null
),

outcomes as (
    select * from {{ ref('int_outcomes_current') }}
),

schools as (
    select * from {{ ref('int_high_schools') }}
),

apart as (
    select
        versions.source_file,
        versions.source_row,
        versions.value_status,
        outcomes.value_status as current_status
    from versions
    left join outcomes
        on {{ is_same_cell('versions', 'outcomes') }}
    where
        (
            versions.level <> 'school'
            or versions.school_key in (select schools.school_key from schools)
        )
        and (
            coalesce(outcomes.value_status, 'withdrawn'), outcomes.value_pct,
            outcomes.numerator, outcomes.denominator, outcomes.value_low_pct,
            outcomes.value_high_pct
        ) is distinct from (
            versions.value_status, versions.value_pct, versions.numerator,
            versions.denominator, versions.value_low_pct, versions.value_high_pct
        )
)

select * from apart
