-- Findings about head counts that their publisher printed for everyone; sums of
-- restricted head counts are for partners.
with findings as (
    select * from {{ ref('enrollment_findings') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

shown as (
    select findings.*
    from findings
    inner join contracts
        on
            findings.provider = contracts.provider
            and findings.extract = contracts.extract
    where contracts.visibility = 'public'
)

select * from shown
