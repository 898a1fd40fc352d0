-- What the checks between files found, as counts; each row stands in its table.
select * from (
    select 1 as place, 'reconciliation' as in_table, count(*) as findings,
        'places where two publishers print figures of the same students that cannot both be right; both are kept' as about
    from reconciliation
    union all
    select 2, 'outcome_restatements', count(*),
        'numbers that a publisher replaced later; the old ones are kept'
    from outcome_restatements
    union all
    select 3, 'enrollment_findings', count(*),
        'places where a state''s head count differs from the sum of its schools'
    from enrollment_findings
    union all
    select 4, 'schools_unmatched', count(*),
        'schools that a file names and no list of schools knows'
    from schools_unmatched
    union all
    select 5, 'school_events', count(*),
        'schools that opened, closed or changed their name, to be looked at by a person'
    from school_events
    where review_status = 'to_review'
    union all
    select 6, 'contradicting_rows', count(*),
        'rows of the list of schools, of the League or of the federal file that contradict another; none of them decides anything'
    from contradicting_rows
    union all
    select 7, 'records_set_aside', coalesce(sum(rows_count), 0),
        'rows that the checks let through and of which no number can be shown; each has its reason'
    from records_set_aside
)
order by place;
