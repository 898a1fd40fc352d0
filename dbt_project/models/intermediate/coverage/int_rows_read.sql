-- How many validated rows of each delivery the warehouse reads or leaves aside by
-- rule. Extracts that say more than the warehouse keeps (levels below proficient, other
-- grades, groups outside the code list; their staging models say which) are read in
-- part.
{%- set partly_read = [
    'ri/october_head_count_state',
    'ri/assessment',
    'me/assessment',
    'vt/enrollment_report',
    'vt/enrollment_report_csv',
    'vt/student_information',
    'vt/assessment',
] %}

with cells as (
    {%- for relation in [
        'int_outcomes_judged', 'int_enrollments_judged', 'int_rows_left_aside',
    ] %}
    select
        provider,
        extract,
        delivery,
        source_row,
        school_year
    from {{ ref(relation) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        provider,
        extract,
        delivery,
        -- A row whose columns are school years is a row for each year.
        count(distinct row(source_row, school_year)) as rows_read
    from cells
    group by provider, extract, delivery
),

-- Reference data and records of students are no cells.
read_extracts as (
    select distinct
        provider,
        extract
    from counted
),

deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

compared as (
    select
        deliveries.provider,
        deliveries.extract,
        deliveries.delivery,
        deliveries.file,
        deliveries.school_year,
        deliveries.rows_validated,
        coalesce(counted.rows_read, 0) as rows_read,
        deliveries.provider || '/' || deliveries.extract in (
            {%- for extract in partly_read %}
            '{{ extract }}'{% if not loop.last %},{% endif %}
            {%- endfor %}
        ) as is_partly_read
    from deliveries
    inner join read_extracts
        on
            deliveries.provider = read_extracts.provider
            and deliveries.extract = read_extracts.extract
    left join counted
        on
            deliveries.provider = counted.provider
            and deliveries.extract = counted.extract
            and deliveries.delivery = counted.delivery
)

select * from compared
