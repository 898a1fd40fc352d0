-- What is the rate of all schools of a state together?
-- Students by students, never an average of rates: the expressions pooled_low_pct and
-- pooled_high_pct of semantic_metrics. Beside them, how many schools the numbers hold.
select
    state,
    school_year,
    100.0 * sum(
        coalesce(
            if(value_status = 'reported', numerator, null),
            denominator * greatest(coalesce(value_low_pct, value_pct) - 0.5, 0) / 100
        )
    ) / sum(denominator) as pooled_low_pct,
    100.0 * sum(
        coalesce(
            if(value_status = 'reported', numerator, null),
            denominator * least(coalesce(value_high_pct, value_pct) + 0.5, 100) / 100
        )
    ) / sum(denominator) as pooled_high_pct,
    count(*) as schools_pooled_count
from school_outcomes
where
    is_preferred
    and metric_id = 'acgr_4yr'
    and student_group = 'all'
    and value_status in ('reported', 'range')
    and denominator > 0
group by state, school_year
order by state, school_year;
