-- The share of low-income students of a school and year, and the cell that it comes
-- from: the head count where it prints them, else the four-year adjusted cohort, both
-- counts of one provider. The cohort is the class, not the school: basis says which.
with head_counts as (
    select * from {{ ref('int_school_head_counts') }}
    where low_income_count <= students_count
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and metric_id = 'acgr_4yr' and source_file is not null
),

provider_ranks as (
    select * from {{ ref('provider_ranks') }}
),

paired as (
    select
        part.school_key,
        cast(part.school_year as integer) as school_year,
        'cohort' as basis,
        part.denominator as low_income_count,
        whole.denominator as students_count,
        part.provider,
        part.extract,
        part.source_file,
        part.source_row
    from outcomes as part
    inner join outcomes as whole
        on
            part.provider = whole.provider
            and part.school_key = whole.school_key
            and part.school_year = whole.school_year
            and part.student_group = 'ed'
            and whole.student_group = 'all'
    left join provider_ranks
        on part.provider = provider_ranks.provider
    where part.denominator <= whole.denominator and whole.denominator > 0
    qualify row_number() over (
        partition by part.school_key, part.school_year
        order by provider_ranks.rank, part.provider
    ) = 1
),

counted as (
    select
        school_key,
        school_year,
        'head_count' as basis,
        low_income_count,
        students_count,
        provider,
        extract,
        low_income_file as source_file,
        low_income_row as source_row
    from head_counts
    union all
    select * from paired
    where (school_key, school_year) not in (
        select (head_counts.school_key, head_counts.school_year)
        from head_counts
    )
),

shared as (
    select
        *,
        {{ pct_of_counts('low_income_count', 'students_count') }} as low_income_pct
    from counted
)

select * from shared
