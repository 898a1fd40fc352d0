/*
**What is this test?** What the public must not see has a row that says so: the public
coalition table has every cell of the partner one.
**When is this important to resolve?** Before publishing: an absent row says nothing.
**How to resolve?** See coalition_outcomes in macros/published.sql.
*/
select
    coalition_id,
    school_year,
    metric_id,
    student_group
from {{ ref('coalition_outcomes') }}
except
select
    coalition_id,
    school_year,
    metric_id,
    student_group
from {{ ref('coalition_outcomes_public') }}
