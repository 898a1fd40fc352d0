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
        *,
        bool_or(visibility is distinct from 'public') over cell
        or last_value(value_status) over cell = 'suppressed' as is_hidden_from_public
    from versions
    window cell as (
        partition by {{ cell_of() }}
        order by version
        rows between unbounded preceding and unbounded following
    )
)
{%- endmacro -%}

{#- The numbers of one version; `prefix` is of its columns, in and out. -#}
{%- macro version_values(public, prefix='') -%}
    {%- for column in ['numerator', 'denominator'] %}
    {% if public %}{{ hide(prefix ~ column) }}{% else %}{{ prefix ~ column }}{% endif %},
    {%- endfor %}
    {%- for column in ['value_pct', 'value_low_pct', 'value_high_pct'] %}
    cast({% if public %}case when not is_hidden_from_public then {{ prefix ~ column }} end
    {%- else %}{{ prefix ~ column }}{% endif %} as double) as {{ prefix ~ column }},
    {%- endfor %}
    {% if public -%}
    case
        when is_hidden_from_public and {{ prefix }}value_status <> 'withdrawn'
            then 'suppressed'
        else {{ prefix }}value_status
    end as {{ prefix }}value_status
    {%- else -%}
    {{ prefix }}value_status
    {%- endif %}
{%- endmacro -%}

{%- macro outcome_versions(public) -%}
with {{ marked_versions() }},

published as (
    select
        provider,
        extract,
        level,
        state,
        school_key,
        coalesce(school_name, lea_name) as school_name,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        cast(version as integer) as version,
        {{ version_values(public) }},
        definition_id,
        visibility,
        source_file,
        source_row,
        sha256,
        valid_from,
        valid_to
    from marked
)

select * from published
{%- endmacro -%}

{%- macro outcome_restatements(public) -%}
with {{ marked_versions() }},

followed as (
    select
        {{ cell_of() }},
        coalesce(school_name, lea_name) as school_name,
        version,
        visibility,
        valid_from as first_seen_at,
        valid_to as superseded_at,
        is_hidden_from_public,
        {%- for column in [
            'numerator', 'denominator', 'value_pct', 'value_low_pct', 'value_high_pct',
            'value_status', 'source_file', 'source_row', 'sha256',
        ] %}
        {{ column }} as old_{{ column }},
        lead({{ column }}) over cell as new_{{ column }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from marked
    window cell as (partition by {{ cell_of() }} order by version)
),

published as (
    select
        {{ cell_of() }},
        school_name,
        cast(version as integer) as version,
        case
            when new_value_status = 'withdrawn' then 'withdrawn'
            when old_value_status = 'withdrawn' then 'returned'
            when old_source_file = new_source_file then 'restated'
            else 'restated_by_another_file'
        end as restatement,
        {{ version_values(public, 'old_') }},
        {{ version_values(public, 'new_') }},
        first_seen_at,
        superseded_at,
        old_source_file,
        old_source_row,
        old_sha256,
        new_source_file,
        new_source_row,
        new_sha256,
        visibility
    from followed
    where superseded_at is not null
)

select * replace (cast(school_year as integer) as school_year)
from published
{%- endmacro -%}
