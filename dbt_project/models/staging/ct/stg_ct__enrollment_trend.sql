-- One row a grouping and school year, as the contract unpivots it. No and Yes mean what
-- the header of their column says.
with printed as (
    select * from {{ source('ct', 'enrollment_trend') }}
),

labelled as (
    select
        *,
        coalesce(
            total_label,
            gender_label,
            meals_label,
            race_label,
            'English Learner Status: ' || nullif(english_learner_label, 'Total'),
            'Special Education Status: ' || nullif(special_education_label, 'Total'),
            'Total'
        ) as printed_label
    from printed
),

graded as (
    select
        *,
        'all' as grade,
        case when printed_label = 'Total' then 'All Students' else printed_label end
            as student_group_label,
        student_count as count_token
    from labelled
),

{{ edsight_head_counts('enrollment_trend', 'graded', false) }}

select * from typed
