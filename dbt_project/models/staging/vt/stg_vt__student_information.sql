-- One row a school, union and state, and rate. The labels of 2021-22 differ from the
-- others'.
with printed as (
    select * from {{ source('vt', 'student_information') }}
    where information_group = 'Graduation Rate'
),

-- SchoolYear is the year in which the rate was taken: six-year rates begin in 2010, two
-- years after the four-year rates, and the newest year of a file has one. A metric's
-- year is that of the class, so that a six-year rate belongs to the class of two years
-- before.
dated as (
    select
        *,
        case left(information_label, 1)
            when 'F' then if(information_label = 'Five-year', 5, 4)
            when 'S' then 6
            else try_cast(left(information_label, 1) as integer)
        end as years,
        _school_year - years + 4 as class_year
    from printed
),

-- Every row repeats the state's rate, so that a year without a row VT001 has one too.
-- It stands for the state where all rows agree on it; where they do not, nobody
-- chooses.
repeated as (
    select
        years,
        class_year,
        _source_file,
        _source_sheet,
        _delivery,
        min(_source_row) as _source_row,
        min(state_proportion) as proportion
    from dated
    where coalesce(state_proportion, 'NULL') not in ('NULL', '0', '0.0')
    group by years, class_year, _source_file, _source_sheet, _delivery
    having count(distinct try_cast(state_proportion as decimal(18, 12))) = 1
),

levelled as (
    select
        case when organization_id like 'SU%' then 'lea' else 'school' end as level,
        organization_id,
        nullif(organization_name, 'NULL') as organization_name,
        years,
        class_year,
        case
            when organization_id like 'SU%' then lea_proportion else school_proportion
        end as proportion,
        _source_file,
        _source_sheet,
        _source_row,
        _delivery
    from dated
    where organization_id not like 'VT%'
    union all
    select
        'state' as level,
        null as organization_id,
        null as organization_name,
        years,
        class_year,
        proportion,
        _source_file,
        _source_sheet,
        _source_row,
        _delivery
    from repeated
),

-- NULL is suppressed; 0 stands for a rate that is not there (every state rate to 2007),
-- and nothing tells it from a true zero: it is read as no rate, never as 0 per cent.
read as (
    select
        *,
        case
            when proportion = 'NULL' then '*'
            when try_cast(proportion as decimal(18, 12)) = 0 then null
            else {{ percent_of_proportion('proportion') }}
        end as value_token
    from levelled
),

-- States had to use the federal definition from the class of 2010-11 on (34 CFR
-- 200.19(b)); by which rule Vermont counted earlier classes is not known, so theirs is
-- another metric.
renamed as (
    select
        'vt' as provider,
        'student_information' as extract,
        level,
        'VT' as state,
        cast(null as varchar) as lea_id_nces,
        case when level = 'lea' then organization_id end as lea_id_state,
        case when level = 'lea' then organization_name end as lea_name,
        cast(null as varchar) as school_id_nces,
        case when level = 'school' then organization_id end as school_id_state,
        case when level = 'school' then organization_name end as school_name,
        class_year as school_year,
        if(class_year >= 2011, 'acgr_', 'cohort_graduation_vt_') || years || 'yr'
            as metric_id,
        'All Students' as student_group_label,
        cast(null as varchar) as numerator_token,
        cast(null as varchar) as denominator_token,
        value_token,
        if(class_year >= 2011, 'acgr_34cfr200_19', 'vt_aoe_cohort_before_2011')
            as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_sheet as source_sheet,
        _source_row as source_row,
        _delivery as delivery
    from read
),

{{ typed_outcomes('renamed') }}

select * from typed
