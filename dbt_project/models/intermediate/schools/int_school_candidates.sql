-- sqlfluff:max_parse_depth:0
-- Two keys that are probably one school: schools of a state with the same last five
-- digits of the federal id, or the same name, or the same name but for the kind of
-- school where a provider names first the one and then the other. No provider names
-- both in one year. Likeness decides nothing: a person does, in a seed (school_events).
with outcomes as (
    select * from {{ ref('int_outcomes_current') }}
    where level = 'school' and source_file is not null
),

enrollments as (
    select * from {{ ref('int_enrollments_current') }}
    where level = 'school'
),

states as (
    select * from {{ ref('states') }}
    where is_nessc
),

named as (
    {%- for relation in ['outcomes', 'enrollments'] %}
    select
        provider,
        state,
        school_key,
        school_id_nces,
        school_name,
        school_year
    from {{ relation }}
    where state in (select states.state from states)
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
),

years as (
    select distinct
        provider,
        school_key,
        school_year
    from named
),

traits as (
    {%- for likeness, trait in {
        'same last five digits of the federal id': 'right(school_id_nces, 5)',
        'same name': alike_name('school_name'),
        'same name but for the kind of school': name_without_kind('school_name'),
    }.items() %}
    select distinct
        state,
        school_key,
        {{ loop.index }} as place,
        '{{ likeness }}' as likeness,
        {{ trait }} as trait
    from named
    where {{ trait }} <> ''
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

alike as (
    select
        one.state,
        one.school_key,
        other.school_key as other_school_key,
        min(one.place) as place,
        string_agg(distinct one.likeness, ', ' order by one.likeness) as likeness
    from traits as one
    inner join traits as other
        on
            one.state = other.state
            and one.place = other.place
            and one.trait = other.trait
            and one.school_key < other.school_key
    group by one.state, one.school_key, other.school_key
),

together as (
    select distinct
        alike.school_key,
        alike.other_school_key
    from alike
    inner join years
        on alike.school_key = years.school_key
    inner join years as other_years
        on
            alike.other_school_key = other_years.school_key
            and years.provider = other_years.provider
            and years.school_year = other_years.school_year
),

spans as (
    select
        provider,
        school_key,
        min(school_year) as first_year,
        max(school_year) as last_year
    from years
    group by provider, school_key
),

in_turn as (
    select distinct
        alike.school_key,
        alike.other_school_key
    from alike
    inner join spans
        on alike.school_key = spans.school_key
    inner join spans as other_spans
        on
            alike.other_school_key = other_spans.school_key
            and spans.provider = other_spans.provider
            and (
                spans.last_year < other_spans.first_year
                or spans.first_year > other_spans.last_year
            )
),

candidates as (
    select
        alike.state,
        alike.school_key,
        alike.other_school_key,
        alike.likeness
    from alike
    anti join together
        on
            alike.school_key = together.school_key
            and alike.other_school_key = together.other_school_key
    left join in_turn
        on
            alike.school_key = in_turn.school_key
            and alike.other_school_key = in_turn.other_school_key
    where alike.place < 3 or in_turn.school_key is not null
)

select * from candidates
