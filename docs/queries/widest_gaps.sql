-- In which schools does a group fall behind its complement beyond chance?
-- certain_points is what remains of the gap at the near end of its interval.
select
    state,
    school_name,
    school_year,
    label,
    student_group,
    complement_group,
    gap_low_points,
    gap_high_points,
    certain_points
from widest_gaps
where gap_rank <= 3 and student_group in ('ed', 'el', 'swd', 'high_needs')
order by certain_points desc;
