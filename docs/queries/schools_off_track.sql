-- Which schools miss their target of the newest year, and by how much at least?
-- By the default model of targets; schools_off_track_by_model has the other one. Schools of
-- which nobody can tell are in school_history, with what they reached and how firm that is.
select
    state,
    school_name,
    label,
    student_group,
    school_year,
    missing_low_points,
    missing_high_points
from schools_off_track
where is_newest_year
order by is_consortium_state desc, missing_low_points desc, school_name asc;
