select
    provider, extract, status, count(distinct file) as files,
    sum(rows_raw)::bigint as rows_raw, sum(rows_validated)::bigint as rows_validated,
    sum(rows_quarantined)::bigint as rows_quarantined,
    sum(rows_duplicate)::bigint as rows_duplicate, max(landed_at)::date as newest
from (
    select distinct * exclude (school_year)
    from deliveries
)
group by all
order by provider nulls last, extract, status;
