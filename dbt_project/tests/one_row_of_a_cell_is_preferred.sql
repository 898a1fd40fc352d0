/*
**What is this test?** Of all rows that report one cell, exactly one is preferred.
**When is this important to resolve?** Always: sums and targets would double or vanish.
**How to resolve?** See int_outcomes_reconciled and the seed provider_ranks.
*/
select
    school_key,
    school_year,
    metric_id,
    student_group
from {{ as_seen_by('partner', 'school_outcomes') }}
group by school_key, school_year, metric_id, student_group
having count(*) filter (where is_preferred) <> 1
