-- Growth of students against a vendor's norm, one row a cell. Which metric a row is
-- says the seed: each norm and threshold is another one.
with printed as (
    select * from {{ source('nessc', 'growth') }}
),

norms as (
    select * from {{ ref('growth_norms') }}
),

renamed as (
    select
        {{ component_columns(
            'growth', 'printed', 'norms', 'grew_count', 'tested_twice_count'
        ) }}
    from printed
    left join norms
        on
            printed.subject = norms.subject
            and printed.vendor = norms.vendor
            and printed.norm_edition = norms.norm_edition
            and norms.threshold_years
            = try_cast(printed.threshold_years as decimal(4, 2))
),

{{ counted_outcomes('renamed') }}

select * from typed
