-- People whose name and date of birth stand under two ids in a state: one of the ids is
-- wrong, and each looks like a student who came from nowhere or left. Two people may
-- share all three, so nothing is joined and the number is only told.
{%- set extracts = [
    'stg_nessc__student_enrollment', 'stg_ri__enrollment_census',
    'stg_ri__cohort_listing', 'stg_vt__sis_identity',
] %}
with
{%- for extract in extracts %}
{{ extract }}_current as (
    {{ current_rows(extract) }}
),
{%- endfor %}

named as (
    {%- for extract in extracts %}
    {%- if not loop.first %}
    union
    {%- endif %}
    select
        state,
        person_key,
        student_key
    from {{ extract }}_current
    where person_key is not null and student_key is not null
    {%- endfor %}
),

people as (
    select
        state,
        person_key,
        count(distinct student_key) as ids_count
    from named
    group by state, person_key
),

counted as (
    select
        state,
        count(*) filter (where ids_count > 1) as people_count,
        count(*) as people_named_count
    from people
    group by state
)

select * from counted
where people_count > 0
