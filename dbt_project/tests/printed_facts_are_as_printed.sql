/*
**What is this test?** The numbers of coalition_printed_facts are those of the text: 55K
is 55000 to a thousand, 40-80% is 40 to 80, 82,958 is itself.
**When is this important to resolve?** Before publishing: a printed fact was changed.
**How to resolve?** Compare both columns of the seed with the document that it names.
*/
with facts as (
    select
        *,
        replace(replace(replace(as_printed, ',', ''), '%', ''), 'K', '') as digits,
        case when as_printed like '%K' then 1000 else 1 end as unit_of_digits
    from {{ ref('coalition_printed_facts') }}
)

select
    coalition_id,
    measure,
    document
from facts
where
    as_printed not like 'nearly %'
    and (
        value_low is distinct from
        try_cast(split_part(digits, '-', 1) as bigint) * unit_of_digits
        or value_high is distinct from
        try_cast(regexp_extract(digits, '[0-9]+$') as bigint) * unit_of_digits
        or precision is distinct from unit_of_digits
    )
    or as_printed like 'nearly %'
    and (value_low is not null or precision is not null)
