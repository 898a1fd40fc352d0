select status, count(*) as files, cast(sum(rows_raw) as bigint) as rows,
    cast(sum(rows_quarantined) as bigint) as quarantined
from deliveries
group by status
order by status = 'validated' desc, status
