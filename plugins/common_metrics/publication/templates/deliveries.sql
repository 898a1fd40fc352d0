-- What came, by publisher and data set.
select
    provider, extract, status,
    count(distinct (file, delivery)) filter (delivery is not null)
        + count(*) filter (delivery is null) as files,
    sum(rows_raw)::bigint as rows_raw, sum(rows_validated)::bigint as rows_validated,
    sum(rows_quarantined)::bigint as rows_quarantined,
    sum(rows_duplicate)::bigint as rows_duplicate, max(landed_at)::date as newest
from (
    -- A file of several school years is one file. Of a restricted one nothing is told
    -- that would tell it from another: each row stands for one.
    select distinct on (coalesce(delivery, nth::varchar), file) *
    from (select *, row_number() over () as nth from deliveries)
)
group by all
order by provider nulls last, extract, status;
