/*
**What is this test?** Of the counts of blocked students, the warehouse reads just the
validated rows of every current delivery. They are no records of students, and so apart.
**When is this important to resolve?** At once: a count was lost or doubled.
**How to resolve?** Compare the delivery's file under validated/ with the staging model.
*/
{{ rows_lost(['nsc/blocked_counts'], ['stg_nsc__blocked_counts']) }}
