/*
**What is this test?** For every validated delivery: rows read = rows validated +
quarantined + duplicate; and of a current one the warehouse reads just the validated.
Extracts that say more than the warehouse keeps (levels below proficient, other grades,
groups outside the code list; their staging models say which rows) read no more than it.
**When is this important to resolve?** At once: a row was lost or doubled.
**How to resolve?** Compare the delivery's files under landing/, validated/ and quarantine/;
rows that a staging model means to leave out belong into int_rows_left_aside.
*/
{%- set partly_read = [
    'ri/october_head_count_state',
    'ri/assessment',
    'me/assessment',
    'vt/enrollment_report',
    'vt/enrollment_report_csv',
    'vt/student_information',
    'vt/assessment',
] %}

with deliveries as (
    select * from {{ ref('int_deliveries_current') }}
),

cells as (
    {%- for relation in [
        'int_outcomes_delivered', 'int_enrollments_delivered', 'int_rows_left_aside',
    ] %}
    select
        provider,
        extract,
        delivery,
        source_row,
        school_year,
    from {{ ref(relation) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

read_rows as (
    select
        provider,
        extract,
        delivery,
        -- A row whose columns are school years is a row for each year.
        count(distinct (source_row, school_year)) as row_count,
    from cells
    group by provider, extract, delivery
),

-- Reference data and records of students are no cells.
read_extracts as (
    select distinct
        provider,
        extract,
    from cells
),

wrong as (
    select deliveries.*
    from deliveries
    left join read_extracts
        on
            deliveries.provider = read_extracts.provider
            and deliveries.extract = read_extracts.extract
    left join read_rows
        on
            deliveries.provider = read_rows.provider
            and deliveries.extract = read_rows.extract
            and deliveries.delivery = read_rows.delivery
    where
        deliveries.rows_raw
        <> deliveries.rows_validated
        + deliveries.rows_quarantined
        + deliveries.rows_duplicate
        or deliveries.rows_validated < coalesce(read_rows.row_count, 0)
        or (
            read_extracts.provider is not null
            and deliveries.rows_validated > coalesce(read_rows.row_count, 0)
            and deliveries.provider || '/' || deliveries.extract
            not in ('{{ partly_read | join("', '") }}')
        )
)

select * from wrong
