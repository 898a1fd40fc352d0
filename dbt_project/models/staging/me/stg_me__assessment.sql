-- At or above state expectations, one row a place, subject and group; all tested grades
-- of a school stand together, in a high school its third year alone. The tests behind a
-- subject change, and rates of two tests are two metrics: to 2019 the Maine Educational
-- Assessment (eMPowerME in grades 3 to 8, the SAT in the third year), in 2021 and 2022
-- NWEA's MAP Growth, from 2023 on the through-year assessment and the SAT; science is a
-- test of new cut scores from 2022 on. From 2021 on an empty cell is a suppressed one.
with printed as (
    select * from {{ source('me', 'assessment') }}
),

labels as (
    select * from {{ ref('student_group_labels') }}
    where provider = 'me'
),

-- Other labels have no group in the code list; validation warns of them.
grouped as (
    select printed.*
    from printed
    inner join labels
        on printed.student_group_label = labels.student_group_label
),

proficient as (
    select
        *,
        case
            when assessment = 'Science' then 'science'
            when starts_with(assessment, 'Math') then 'math'
            else 'ela'
        end as subject,
        case
            when _school_year >= 2021 then coalesce(level_pct, '*') else level_pct
        end as level_token
    from grouped
    where lower(achievement_level) = 'at or above state expectations'
),

tested as (
    select
        *,
        case
            when subject = 'science' and _school_year >= 2022 then 'msa'
            when subject = 'science' or _school_year <= 2020 then 'mea'
            when _school_year <= 2022 then 'nwea'
            else 'through_year'
        end as test
    from proficient
),

renamed as (
    select
        'me' as provider,
        'assessment' as extract,
        case
            when school_id_state is not null then 'school'
            when lea_id_state is not null then 'lea'
            else 'state'
        end as level,
        'ME' as state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        case when lea_id_state is not null then lea_name end as lea_name,
        cast(null as varchar) as school_id_nces,
        school_id_state,
        case when school_id_state is not null then school_name end as school_name,
        _school_year as school_year,
        'proficiency_' || subject || '_' || test as metric_id,
        student_group_label,
        level_count as numerator_token,
        tested_count as denominator_token,
        {{ percent_of_proportion('level_token') }} as value_token,
        'me_at_or_above_expectations' as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from tested
),

{{ typed_outcomes('renamed') }}

select * from typed
