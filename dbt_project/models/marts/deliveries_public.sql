-- The receipts as the public sees them. Of a restricted file, and of one that no
-- contract asks for, since nobody knows what it is: that it came, when, and whether it
-- was used; not its name, its digest, its rows or what the checks said of it.
with deliveries as (
    select * from {{ ref('deliveries') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

marked as (
    select
        deliveries.*,
        coalesce(contracts.visibility = 'public', false) as is_public
    from deliveries
    left join contracts
        on
            deliveries.provider = contracts.provider
            and deliveries.extract = contracts.extract
),

shown as (
    select
        provider,
        extract,
        school_year,
        case
            when is_public then file
            when provider is null then 'a file without a contract'
            else {{ restricted_file() }}
        end as file,
        {%- for column in ['sha256', 'delivery'] %}
        case when is_public then {{ column }} end as {{ column }},
        {%- endfor %}
        landed_at,
        status,
        {%- for column in [
            'rows_raw', 'rows_validated', 'rows_quarantined', 'rows_duplicate', 'message',
        ] %}
        case when is_public then {{ column }} end as {{ column }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from marked
)

select * from shown
