-- Files not used, or with rows set aside; the rest stands in the table deliveries.
select distinct
    status, file, rows_raw, rows_quarantined, message
from deliveries
where status <> 'validated' or rows_quarantined > 0
order by status = 'validated', rows_quarantined desc, file
limit 100;
