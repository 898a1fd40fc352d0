-- Which schools miss their target of the newest year, and by how much at least?
-- Both models of targets are there: choose one. Schools of which nobody can tell are in
-- school_target_status, with the verdict cannot_tell.
select
    state,
    school_name,
    label,
    student_group,
    school_year,
    target_model,
    missing_low_points,
    missing_high_points
from schools_off_track
where is_newest_year and target_model = 'compounding'
order by missing_low_points desc, school_name asc;
