-- No and Yes mean what the title of the file says. A cell of race and status
-- together has no place in the warehouse: of these rows the total counts.
with printed as (
    select * from {{ source('ct', 'enrollment_status_state') }}
),

unpivoted as (
    {%- for answer in ['no', 'yes'] %}
    select
        *,
        breakdown || ': {{ answer | capitalize }}' as student_group_label,
        {{ answer }}_count as count_token
    from printed
    where race = 'Total'
    union all
    {%- endfor %}
    select
        *,
        case when race = 'Total' then 'All Students' else race end
            as student_group_label,
        total_count as count_token
    from printed
),

graded as (
    select
        *,
        'all' as grade
    from unpivoted
),

{{ edsight_head_counts('enrollment_status_state', 'graded', false) }}

select * from typed
