-- How does one school stand, year by year, against its target and the goal?
-- A range has bounds and no value_pct. Years to come have a target alone.
select
    school_name,
    school_year,
    value_status,
    value_pct,
    value_low_pct,
    value_high_pct,
    target_low_pct,
    target_high_pct,
    goal_pct,
    reached,
    firmness,
    verdict,
    warning_ids,
    source_file
from school_history
where
    school_name = 'Alder Falls High School'
    and metric_id = 'acgr_4yr'
    and student_group = 'all'
order by school_year;
