select
    rule.*, school_year, decrease_pct::double as decrease_pct,
    american(decrease.reason) as decrease_reason, decrease.source as decrease_source
from target_rules as rule
inner join target_decreases as decrease using (rule_version)
where is_active
order by school_year;
