{#- Versions of cells, marked where the public must not see their numbers. Of a
    restricted cell no version is shown: what else would give it away was judged for the
    current numbers alone. A cell that its publisher now suppresses was perhaps
    printed by mistake: its earlier numbers go too (docs/decisions/0016). -#}
{%- macro marked_versions() -%}
versions as (
    select * from {{ ref('int_outcome_versions') }}
),

marked as (
    select
        versions.*,
        audiences.audience,
        audiences.audience = 'public'
        and (
            bool_or(versions.visibility is distinct from 'public') over cell
            or last_value(versions.value_status) over cell = 'suppressed'
        ) as is_hidden
    from versions
    cross join {{ audiences() }}
    window cell as (
        partition by audiences.audience, {{ cell_of() }}
        order by version
        rows between unbounded preceding and unbounded following
    )
)
{%- endmacro -%}

{#- The numbers of one version; `prefix` is of its columns, in and out. -#}
{%- macro version_values(prefix='') -%}
{{ hide(prefix ~ 'numerator') }},
        {{ hide(prefix ~ 'denominator') }},
        {%- for column in ['value_pct', 'value_low_pct', 'value_high_pct'] %}
        cast(case when not is_hidden then {{ prefix ~ column }} end as double)
            as {{ prefix ~ column }},
        {%- endfor %}
        case
            when is_hidden and {{ prefix }}value_status <> 'withdrawn' then 'suppressed'
            else {{ prefix }}value_status
        end as {{ prefix }}value_status
{%- endmacro -%}
