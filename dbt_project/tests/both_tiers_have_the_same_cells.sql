/*
**What is this test?** What the public must not see has a row that says so: the public
coalition table has every cell of the partner one.
**When is this important to resolve?** Before publishing: an absent row says nothing.
**How to resolve?** See models/published/coalition_outcomes.sql.
*/
select
    coalition_id,
    school_year,
    metric_id,
    student_group
from {{ as_seen_by('partner', 'coalition_outcomes') }}
except
select
    coalition_id,
    school_year,
    metric_id,
    student_group
from {{ as_seen_by('public', 'coalition_outcomes') }}
