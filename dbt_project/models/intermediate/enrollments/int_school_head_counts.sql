-- One head count a school and year, with the low-income students in it where the same
-- extract prints them: eligible for free or reduced-price meals. Where several extracts
-- count the school, that with low-income students is taken, then the provider nearest
-- to the origin.
with enrollments as (
    select * from {{ ref('int_enrollments_current') }}
    where level = 'school' and grade = 'all' and value_status = 'reported'
),

provider_ranks as (
    select * from {{ ref('provider_ranks') }}
),

counted as (
    select
        provider,
        extract,
        state,
        school_key,
        cast(school_year as integer) as school_year,
        max(student_count) filter (where student_group = 'all') as students_count,
        coalesce(
            max(student_count) filter (where student_group = 'ed'),
            max(student_count) filter (where student_group = 'free_lunch')
            + max(student_count) filter (where student_group = 'reduced_lunch')
        ) as low_income_count,
        max(source_file) filter (where student_group in ('ed', 'free_lunch'))
            as low_income_file,
        max(source_row) filter (where student_group in ('ed', 'free_lunch'))
            as low_income_row,
        bool_and(coalesce(visibility, '') = 'public') as is_public
    from enrollments
    where student_group in ('all', 'ed', 'free_lunch', 'reduced_lunch')
    group by provider, extract, state, school_key, school_year
),

nearest as (
    select counted.*
    from counted
    left join provider_ranks
        on counted.provider = provider_ranks.provider
    where counted.students_count > 0
    qualify row_number() over (
        partition by counted.school_key, counted.school_year
        order by
            counted.low_income_count is null,
            provider_ranks.rank,
            counted.provider,
            counted.extract
    ) = 1
)

select * from nearest
