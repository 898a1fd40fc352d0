-- How many schools have which verdict, by state, metric and year, both ways of counting.
with counted as (
    select
        state, metric_id, school_year, model,
        count(*) as schools,
        {'at_goal': count(*) filter (verdict = 'at_goal'),
            'on_track': count(*) filter (verdict = 'on_track'),
            'cannot_tell': count(*) filter (verdict = 'cannot_tell'),
            'off_track': count(*) filter (verdict = 'off_track'),
            'suppressed': count(*) filter (verdict = 'suppressed'),
            'no_data': count(*) filter (verdict = 'no_data')} as verdicts
    from (
        unpivot (
            select state, metric_id, school_year, compounding, linear
            from verdicts
            where student_group = 'all'
        )
        on compounding, linear into name model value verdict
    )
    group by all
    -- A year of which no rate has come says nothing of the schools.
    having count(*) filter (verdict <> 'no_data') > 0
)

from counted
order by state, metric_id, school_year desc, model;
