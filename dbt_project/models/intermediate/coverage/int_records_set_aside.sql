-- Every row of a current delivery that passed the gate and of which no number can be
-- published, with the reason: it alone is left out, and stops nobody's release.
with judged as (
    select * from {{ ref('int_rows_faulted') }}
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

current_rows as (
    select
        judged.provider,
        judged.extract,
        judged.delivery,
        judged.source_file,
        judged.source_row,
        coalesce(judged.school_year, deliveries.school_year) as school_year,
        judged.fault as reason,
        count(*) as cells_count,
        1 as rows_count
    from judged
    inner join deliveries
        on
            judged.provider = deliveries.provider
            and judged.extract = deliveries.extract
            and judged.delivery = deliveries.delivery
    group by all
),

-- Of a row that no model reads nobody knows which one it is.
unread as (
    select
        provider,
        extract,
        delivery,
        file as source_file,
        cast(null as bigint) as source_row,
        school_year,
        'No model of the warehouse reads the row' as reason,
        cast(null as bigint) as cells_count,
        rows_validated - rows_read as rows_count
    from {{ ref('int_rows_read') }}
    where rows_validated > rows_read and not is_partly_read
),

listed as (
    select * from current_rows
    union all
    select * from unread
)

select * from listed
