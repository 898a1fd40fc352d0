-- What must I know before I use this metric?
select
    state,
    provider,
    value_status,
    max_denominator,
    first_year,
    last_year,
    severity,
    text,
    source,
    evidence
from usage_warnings
where metric_id = 'acgr_4yr'
order by severity, warning_id;
