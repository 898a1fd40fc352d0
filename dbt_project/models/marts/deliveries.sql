-- Every file that arrived and what became of it; also files that no contract asks for.
-- Of a restricted file, and of one that no contract asks for, since nobody knows what
-- it is, the public sees that it came, when, and whether it was used; not its name, its
-- digest, its rows or what the checks said of it.
with deliveries as (
    select * from {{ ref('stg_lake__deliveries') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
),

seen as (
    select
        deliveries.*,
        audiences.audience,
        audiences.audience = 'partner'
        or coalesce(contracts.visibility = 'public', false)
            as is_shown
    from deliveries
    cross join {{ audiences() }}
    left join contracts
        on
            deliveries.provider = contracts.provider
            and deliveries.extract = contracts.extract
),

listed as (
    select
        audience,
        nullif(provider, 'none') as provider,
        nullif(extract, 'none') as extract,
        cast(school_year as integer) as school_year,
        case
            when is_shown then file
            when nullif(provider, 'none') is null then 'a file without a contract'
            else {{ restricted_file() }}
        end as file,
        {%- for column in ['sha256', 'delivery'] %}
        case when is_shown then {{ column }} end as {{ column }},
        {%- endfor %}
        landed_at,
        status,
        {%- for column in [
            'rows_raw', 'rows_validated', 'rows_quarantined', 'rows_duplicate', 'message',
        ] %}
        case when is_shown then {{ column }} end as {{ column }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from seen
)

select * from listed
