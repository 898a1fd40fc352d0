-- How well each supplier delivers, newest quarter first.
select
    provider, extract('year' from quarter_from) || ', quarter ' || quarter(quarter_from) as quarter,
    files_count, accepted_at_first_pct, never_accepted_count, days_to_accept, rows_used_pct,
    years_count, years_in_time_pct
from supplier_scores
order by quarter_from desc, provider
limit 60;
