-- Levels 3 and 4 (met or exceeded) of the students with a score. Combined grades are
-- the row of all students, a single grade is a group of its own: the state's combined
-- rate is of grades 3 to 8 and, in 2014-15 alone, 11.
with printed as (
    select * from {{ source('ct', 'smarter_balanced') }}
),

renamed as (
    select
        {{ edsight_place('smarter_balanced', 'school') }},
        _school_year as school_year,
        'proficiency_' || lower(subject) || '_sbac' as metric_id,
        coalesce('Grade ' || ltrim(grade, '0'), 'All Students') as student_group_label,
        proficient_count as numerator_token,
        scored_count as denominator_token,
        proficient_pct as value_token,
        'smarter_balanced_level_3_4' as definition_id,
        {{ edsight_lineage() }}
    from printed
),

{{ typed_outcomes('renamed') }}

select * from typed
