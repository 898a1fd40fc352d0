/*
**What is this test?** Of those extracts of students whose rows are read one by one, the
warehouse reads just the validated rows of every current delivery. (Others are joined
before: a Vermont spell is made of three files.)
**When is this important to resolve?** At once: a student was lost or doubled.
**How to resolve?** Compare the delivery's file under validated/ with the staging model.
*/
with deliveries as (
    select * from {{ ref('int_deliveries_current') }}
    where
        provider || '/' || extract in (
            'nessc/student_enrollment',
            'nessc/student_attendance',
            'nessc/student_assessment',
            'nsc/student_tracker',
            'nsc/blocked_counts',
            'ri/cohort_listing'
        )
),

read_rows as (
    {%- for records in [
        'int_student_enrollments', 'int_student_attendance', 'int_listed_cohorts',
        'stg_nessc__student_assessment', 'stg_nsc__student_tracker', 'stg_nsc__blocked_counts',
    ] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        provider,
        extract,
        delivery,
        source_row
    from {{ ref(records) }}
    {%- endfor %}
),

counted as (
    select
        provider,
        extract,
        delivery,
        count(distinct source_row) as row_count
    from read_rows
    group by provider, extract, delivery
),

wrong as (
    select deliveries.*
    from deliveries
    left join counted
        on
            deliveries.provider = counted.provider
            and deliveries.extract = counted.extract
            and deliveries.delivery = counted.delivery
    where deliveries.rows_validated <> coalesce(counted.row_count, 0)
)

select * from wrong
