-- What was due, what came, what is missing, by extract and school year.
with coverage as (
    select * from {{ ref('int_coverage') }}
),

described as (
    select
        provider,
        extract,
        cast(school_year as integer) as school_year,
        coverage_status,
        cast(validated_count as integer) as validated_count,
        cast(refused_count as integer) as refused_count,
        files_due,
        case coverage_status
            when 'partly_received'
                then validated_count || ' of ' || files_due || ' files were delivered.'
            when 'missing' then 'Due and not delivered: nothing is filled in.'
            when 'expected'
                then 'Due by ' || due_on || '; not due when the newest file came.'
            when 'refused' then 'Delivered but refused; see deliveries.'
            when 'not_collected' then not_collected_reason
            when 'unexpected' then 'Delivered although the contract names no such year.'
            else ''
        end as message
    from coverage
)

select * from described
