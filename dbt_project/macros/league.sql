{#- The value of a rule of the seed league_rules. -#}
{%- macro league_rule(name, type) -%}
(
    select cast(league_rules.value as {{ type }})
    from {{ ref('league_rules') }} as league_rules
    where league_rules.rule = '{{ name }}'
)
{%- endmacro -%}

{#- End year of the school year, July to June, of a day. -#}
{%- macro school_year_of(day) -%}
cast(year({{ day }}) + case when month({{ day }}) >= 7 then 1 else 0 end as integer)
{%- endmacro -%}

{#- Current rows of one of the League's extracts with the school that they are of. Where
    two current files print the same row, the one that landed later counts; of two such rows
    of a file the first by `decided_by`. -#}
{%- macro league_rows(extract, keys, decided_by=[]) -%}
select
    printed.* exclude (provider, extract, state, school_id_nces, school_id_state),
    placed.state,
    placed.school_key,
    placed.school_id_nces,
    placed.known_name
from {{ ref('stg_league__' ~ extract) }} as printed
inner join {{ ref('int_league_schools') }} as placed
    on
        placed.extract = '{{ extract }}'
        and placed.role = 'school'
        and printed.delivery = placed.delivery
        and printed.source_file = placed.source_file
        and printed.source_row = placed.source_row
qualify row_number() over (
    partition by placed.school_key
    {%- for key in keys %}, printed.{{ key }}{% endfor %}
    order by {{ newest_file_first('placed.', 'printed.') }}
    {%- for order in decided_by %}, printed.{{ order }}{% endfor %}, printed.source_row desc
) = 1
{%- endmacro -%}
