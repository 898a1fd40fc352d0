select state, metric_id, school_year, count(*) as schools,
    count(*) filter (verdict = 'at_goal') as at_goal,
    count(*) filter (verdict = 'on_track') as on_track,
    count(*) filter (verdict = 'cannot_tell') as cannot_tell,
    count(*) filter (verdict = 'off_track') as off_track,
    count(*) filter (verdict in ('no_data', 'suppressed')) as no_data
from school_target_status
where student_group = 'all' and target_model = 'compounding'
    and state in ('CT', 'ME', 'NH', 'RI', 'VT')
group by all
order by state, metric_id, school_year
