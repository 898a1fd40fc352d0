{#- A rate as the scheme prints it for a group of n students: half up to whole per cent
    first, then the band of the seed rate_bands that holds it. Arguments: rate_bands.yml. -#}
{%- macro banded_rate(n, pct, is_all, scheme, column='label') -%}
    {%- set whole = 'floor(cast(' ~ pct ~ ' as decimal(18, 12)) + 0.5)' -%}
(
    select
        {% if column == 'label' -%}
        coalesce(bands.label, cast(cast({{ whole }} as integer) as varchar))
        {%- else -%}
        case
            when bands.label is null then cast({{ whole }} as integer)
            else bands.{{ column }}
        end
        {%- endif %}
    from {{ ref('rate_bands') }} as bands
    where
        bands.scheme = '{{ scheme }}'
        and ({{ n }}) between bands.n_from and coalesce(bands.n_to, {{ n }})
        and coalesce(bands.is_all_students, {{ is_all }}) = ({{ is_all }})
        and {{ whole }} between bands.low_pct and bands.high_pct
)
{%- endmacro -%}
