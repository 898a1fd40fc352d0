-- The share that is proficient or above, for the grades of high schools alone (9 and
-- 11): the tests of grades 3 to 8 are no common metric. Each grade and test is a metric
-- of its own, since Vermont moved its test from grade 11 to grade 9 and changed it in
-- 2022-23.
with printed as (
    select * from {{ source('vt', 'assessment') }}
    where
        right(test_name, 2) in ('09', '11')
        -- Groups that no other publisher has and the code list does not name.
        and not regexp_matches(
            student_group_label, 'Marginalized|Migrant|Military|Foster|McKinney'
        )
),

-- A row gives the school's value and repeats those of its union and of the state.
own as (
    select
        *,
        case left(organization_id, 2)
            when 'VT' then 'state' when 'SU' then 'lea' else 'school'
        end as level,
        case left(organization_id, 2)
            when 'VT' then state_value when 'SU' then lea_value else school_value
        end as own_value,
        case
            when test_name like '%English%' then 'ela'
            when test_name like '%Math%' then 'math'
            else 'science'
        end as subject,
        case
            when _school_year >= 2023 then 'vtcap'
            when subject = 'science' then 'vtsa'
            else 'sbac'
        end as test,
        subject || '_' || test || '_grade_' || try_cast(right(test_name, 2) as integer)
            as part
    from printed
),

tested as (
    select
        _delivery,
        organization_id,
        test_name,
        student_group_label,
        own_value as denominator_token
    from own
    where indicator_label = 'Number of Students Tested'
),

proficient as (
    select
        own.*,
        tested.denominator_token
    from own
    left join tested
        on
            own._delivery = tested._delivery
            and own.organization_id = tested.organization_id
            and own.test_name = tested.test_name
            and own.student_group_label = tested.student_group_label
    where own.indicator_label = 'Total Proficient and Above'
),

renamed as (
    select
        'vt' as provider,
        'assessment' as extract,
        level,
        'VT' as state,
        cast(null as varchar) as lea_id_nces,
        case when level = 'lea' then organization_id end as lea_id_state,
        case when level = 'lea' then organization_name end as lea_name,
        cast(null as varchar) as school_id_nces,
        case when level = 'school' then organization_id end as school_id_state,
        case when level = 'school' then organization_name end as school_name,
        _school_year as school_year,
        'proficiency_' || part as metric_id,
        student_group_label,
        cast(null as varchar) as numerator_token,
        denominator_token,
        case when own_value <> 'NULL' then {{ percent_of_proportion('own_value') }} end
            as value_token,
        'vt_aoe_' || test as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from proficient
),

{{ typed_outcomes('renamed') }}

select * from typed
