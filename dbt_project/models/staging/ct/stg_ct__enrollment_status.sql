-- No and Yes mean what the title of the file says.
with printed as (
    select * from {{ source('ct', 'enrollment_status') }}
),

unpivoted as (
    {%- for answer in ['no', 'yes'] %}
    select
        *,
        breakdown || ': {{ answer | capitalize }}' as student_group_label,
        {{ answer }}_count as count_token
    from printed
    union all
    {%- endfor %}
    select
        *,
        'All Students' as student_group_label,
        total_count as count_token
    from printed
),

graded as (
    select
        *,
        'all' as grade
    from unpivoted
),

{{ edsight_head_counts('enrollment_status', 'graded', true) }}

select * from typed
