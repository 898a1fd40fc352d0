-- The ledger of what is wrong with delivered files: a line opens with the first that
-- breaks a rule and closes with the first that does not. It follows from the receipts
-- alone (decision 0074).
with spans as (
    select * from {{ ref('int_fault_spans') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

owned as (
    select
        provider,
        extract,
        nullif(contracts.owner, '') as owner,
        cast(spans.school_year as integer) as school_year,
        spans.file,
        spans.delivery,
        spans.effect,
        spans.rule,
        case when spans.effect <> 'refused' then cast(spans.rows_count as bigint) end
            as rows_count,
        case when spans.closed_at is null then 'open' else 'closed' end
            as finding_status,
        spans.first_seen_at,
        spans.closed_at,
        case
            when spans.closed_by = 'validated' then 'accepted'
            when spans.closed_by = 'refused' then 'another_fault'
            else spans.closed_by
        end as closed_by
    from spans
    left join contracts using (provider, extract)
)

select * from owned
