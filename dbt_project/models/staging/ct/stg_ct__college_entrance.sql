-- "College entrance: high school graduates from the year who enrolled in college any
-- time during the first year after high school. College persistence: students who
-- enrolled in college the first year after high school and returned for a second
-- year." (notes inside the files). The files print no counts. Of the newest class
-- persistence is N/A: its second year has not come. Where nobody entered, there is
-- nobody who could return, and N/A is that there are no such students.
with printed as (
    select * from {{ source('ct', 'college_entrance') }}
),

unpivoted as (
    select
        *,
        'pse_12m_graduates' as metric_id,
        entrance_pct as value_token
    from printed
    union all
    select
        *,
        'pse_persistence' as metric_id,
        case
            when persistence_pct != 'N/A' or entrance_pct = '0.0' then persistence_pct
        end as value_token
    from printed
),

renamed as (
    select
        'ct' as provider,
        'college_entrance' as extract,
        case when school_name is null then 'state' else 'school' end as level,
        'CT' as state,
        cast(null as varchar) as lea_id_nces,
        lea_id_state,
        case when school_name is not null then district_name end as lea_name,
        cast(null as varchar) as school_id_nces,
        school_id_state,
        school_name,
        _school_year as school_year,
        metric_id,
        coalesce(student_group_label, 'All Students') as student_group_label,
        cast(null as varchar) as numerator_token,
        cast(null as varchar) as denominator_token,
        value_token,
        'ct_edsight_college' as definition_id,
        cast(null as date) as data_as_of,
        _source_file as source_file,
        _source_row as source_row,
        _delivery as delivery
    from unpivoted
),

{{ typed_outcomes('renamed') }}

select * from typed
