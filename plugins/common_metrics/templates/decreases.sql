select decrease_pct, min(school_year) as first_year,
    max(school_year) as last_year
from target_decreases
semi join (from target_rules where is_active) using (rule_version)
group by decrease_pct
order by first_year
