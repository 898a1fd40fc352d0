-- Under which ids a school was printed, from when to when. A code that the crosswalk
-- lacks, or an id that was changed, is the same school by the evidence in the seed
-- school_id_changes.
with printed as (
    {%- for relation in ['int_outcomes_conformed', 'int_enrollments_conformed'] %}
    {%- for kind in ['nces', 'state'] %}
    select
        school_key,
        state,
        '{{ kind }}' as id_type,
        printed_id_{{ kind }} as identifier,
        school_year,
        provider
    from {{ ref(relation) }}
    where level = 'school' and printed_id_{{ kind }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

schools as (
    select school_key from {{ ref('dim_school') }}
),

dated as (
    select
        printed.school_key,
        printed.state,
        printed.id_type,
        printed.identifier,
        cast(min(printed.school_year) as integer) as first_year,
        cast(max(printed.school_year) as integer) as last_year,
        string_agg(distinct printed.provider, ', ' order by printed.provider)
            as providers
    from printed
    inner join schools
        on printed.school_key = schools.school_key
    group by
        printed.school_key, printed.state, printed.id_type, printed.identifier
)

select * from dated
