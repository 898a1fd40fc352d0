-- The portal prints a school's code behind its name, "Avon High School (0046111)", and
-- nothing in the place of a small number: empty means suppressed.
with printed as (
    select * from {{ source('ct', 'enrollment_export') }}
),

split as (
    select
        * replace (
            regexp_replace(school_name, ' \(\d{7}\)$', '') as school_name
        ),
        regexp_extract(school_name, '\((\d{7})\)$', 1) as school_id_state,
        cast(null as varchar) as lea_id_state,
        'all' as grade,
        coalesce(student_count, '*') as count_token
    from printed
),

{{ edsight_head_counts('enrollment_export', 'split', true) }}

select * from typed
