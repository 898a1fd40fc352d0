-- From which file and row is this number, and what does it count?
select
    school_name,
    school_year,
    formula,
    numerator_definition,
    denominator_definition,
    definition_source,
    source_file,
    source_row,
    sha256,
    landed_at
from explained_outcomes
where
    school_name = 'Alder Falls High School'
    and metric_id = 'acgr_4yr'
    and student_group = 'all'
    and is_preferred
order by school_year;
