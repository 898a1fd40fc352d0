-- The coalitions. Those of which the project description prints facts are the six
-- systems; the targets of all schools are computed by one rule, which is its owner's.
with coalitions as (
    select * from {{ ref('coalitions') }}
),

printed_facts as (
    select * from {{ ref('coalition_printed_facts') }}
),

target_rules as (
    select * from {{ ref('target_rules') }}
    where is_active
),

described as (
    select
        coalitions.coalition_id,
        coalitions.coalition_name,
        coalitions.kind,
        coalitions.description,
        coalitions.coalition_id in (
            select printed_facts.coalition_id from printed_facts
        ) as is_harbormaster,
        target_rules.rule_version as target_rule_version,
        target_rules.owner as target_rule_owner,
        coalitions.source
    from coalitions
    cross join target_rules
)

select * from described
