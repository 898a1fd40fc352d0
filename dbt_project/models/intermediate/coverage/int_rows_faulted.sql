-- Every row that passed the gate and of which no number can be published, with the
-- reason: of all deliveries, also of those that others replaced.
{%- set league = [
    'activities', 'finances', 'levers', 'membership', 'milestones',
    'needs_assessments', 'self_assessments',
] %}

with judged as (
    {%- for relation in ['int_outcomes_judged', 'int_enrollments_judged'] %}
    select
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        school_year,
        fault
    from {{ ref(relation) }}
    where fault is not null
    union all
    {%- endfor %}
    {%- for extract in league %}
    select
        provider,
        extract,
        delivery,
        source_file,
        source_row,
        cast(null as bigint) as school_year,
        fault
    from {{ ref('stg_league__' ~ extract) }}
    where fault is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from judged
