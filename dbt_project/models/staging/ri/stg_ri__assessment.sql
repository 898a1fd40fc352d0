-- Meeting or exceeding expectations, one row a place, year, test and group. The file's
-- name tells test and subject. RICAS is published for grades 3 to 8 together; the SAT
-- is taken in grade 11, the PSAT in grade 10, and of the science test (grades 5, 8, 11)
-- the high school's is kept. Where a test of one grade prints "All Grades" alone, that
-- is the grade.
with printed as (
    select * from {{ source('ri', 'assessment') }}
),

labels as (
    select * from {{ ref('student_group_labels') }}
    where provider = 'ri'
),

-- Other labels have no group in the code list; validation warns of them.
grouped as (
    select printed.*
    from printed
    inner join labels
        on printed.student_group_label = labels.student_group_label
),

tests as (
    select
        *,
        regexp_extract(_source_file, '(?:^|/)(ricas|sat|psat|ngsa)_[^/]*$', 1) as test,
        regexp_extract(_source_file, '_(ela|math|science)[^/]*$', 1) as subject
    from grouped
),

of_one_grade as (
    select *
    from tests
    where
        grade = case test
            when 'sat' then 'Grade: 11' when 'psat' then 'Grade: 10'
            when 'ngsa' then 'Grade: 11' else 'All Grades'
        end
        or (grade = 'All Grades' and test in ('sat', 'psat'))
    qualify row_number() over (
        partition by
            _delivery, _school_year, lea_name, school_name, student_group_label, test,
            subject
        order by grade desc, _source_file desc, _source_row desc
    ) = 1
),

-- Percent signs, whole per cents and proportions stand side by side. The contract lets
-- a bare cell from 0 to 1 pass only if one of the two readings makes 100 with the
-- levels below (expectations/ri/assessment.yml).
numbered as (
    select
        *,
        regexp_full_match(proficient_pct, '1(\.0+)?|0?\.\d*[1-9]\d*') as is_bare,
        {%- for level in ['level_1', 'level_2'] %}
        try_cast(replace({{ level }}_pct, '%', '') as decimal(18, 12))
        * if(regexp_full_match({{ level }}_pct, '1(\.0+)?|0?\.\d+'), 100, 1)
            as {{ level }},
        {%- endfor %}
        try_cast(replace(proficient_pct, '%', '') as decimal(18, 12)) as proficient
    from of_one_grade
),

read_as_percent as (
    select
        *,
        case
            when is_bare and level_1 + level_2 + 100 * proficient between 98 and 102
                then {{ percent_of_proportion('proficient_pct') }}
            else {{ percent_token('proficient_pct') }}
        end as value_token
    from numbered
),

renamed as (
    select
        'ri' as provider,
        'assessment' as extract,
        case
            when lea_name = 'Statewide' then 'state'
            when school_name = 'All Schools' then 'lea'
            else 'school'
        end as level,
        'RI' as state,
        cast(null as varchar) as lea_id_nces,
        cast(null as varchar) as lea_id_state,
        nullif(lea_name, 'Statewide') as lea_name,
        cast(null as varchar) as school_id_nces,
        cast(null as varchar) as school_id_state,
        nullif(school_name, 'All Schools') as school_name,
        _school_year as school_year,
        'proficiency_' || subject || '_' || test as metric_id,
        student_group_label,
        cast(null as varchar) as numerator_token,
        tested_count as denominator_token,
        value_token,
        'ri_meeting_or_exceeding' as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from read_as_percent
),

{{ typed_outcomes('renamed') }}

select * from typed
