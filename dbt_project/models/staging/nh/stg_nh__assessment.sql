-- Which test grade 11 sat in a year, and so which metric a rate is, says the seed. The
-- number of students is a band and no denominator. "* n < 11" hides a small group; NULL
-- is what the state's database holds where it has nothing, and hiding has its own mark:
-- so NULL is not reported, never suppressed and never zero.
with printed as (
    select * from {{ source('nh', 'assessment') }}
    where {{ nh_assessment_is_read() }}
),

tests as (
    select * from {{ ref('nh_assessment_tests') }}
),

-- District Data stands in the place of a school, NULL and 0 in that of whatever a row
-- does not have.
levelled as (
    select
        * replace (
            nullif(lea_id_state, 'NULL') as lea_id_state,
            nullif(school_id_state, 'NULL') as school_id_state
        ),
        case
            when level_label in ('sta', 'State Level') then 'state'
            when level_label in ('dis', 'District Level') then 'lea'
            else 'school'
        end as level,
        case
            when proficient_pct like '*%' then '*'
            when lower(proficient_pct) in ('null', 'not available') then null
            else replace({{ percent_token('proficient_pct') }}, ' ', '')
        end as value_token
    from printed
),

renamed as (
    select
        'nh' as provider,
        'assessment' as extract,
        levelled.level,
        'NH' as state,
        cast(null as varchar) as lea_id_nces,
        case when levelled.level <> 'state' then levelled.lea_id_state end
            as lea_id_state,
        case when levelled.level <> 'state' then levelled.district_name end
            as lea_name,
        cast(null as varchar) as school_id_nces,
        case when levelled.level = 'school' then levelled.school_id_state end
            as school_id_state,
        case when levelled.level = 'school' then levelled.school_name end
            as school_name,
        levelled._school_year as school_year,
        tests.metric_id,
        coalesce(levelled.student_group_label, 'All students')
            as student_group_label,
        cast(null as varchar) as numerator_token,
        cast(null as varchar) as denominator_token,
        levelled.value_token,
        tests.definition_id,
        cast(null as date) as data_as_of,
        levelled._source_file as source_file,
        levelled._source_row as source_row,
        levelled._delivery as delivery
    from levelled
    left join tests
        on
            levelled.subject_label = tests.subject_label
            and levelled._school_year between tests.first_year and tests.last_year
),

{{ typed_outcomes('renamed') }}

select * from typed
