{#- Who reads a release. A table that tells them different things has a row for each, and
    a file holds the rows of its own readers (publication/audiences.py). -#}
{%- macro audiences() -%}
(values ('public'), ('partner')) as audiences (audience)
{%- endmacro -%}

{#- The rows of such a table that one of them sees. The copy of a view in a release has the
    name of its table alone. -#}
{%- macro as_seen_by(audience, model) -%}
(select * exclude (audience) from {{ ref(model) }} where audience = '{{ audience }}')
{%- endmacro -%}

{#- A cell of a row that says whether it is hidden. -#}
{%- macro hide(column) -%}
case when not is_hidden then {{ column }} end as {{ column }}
{%- endmacro -%}

{#- A word in the place of a hidden cell, which says that there is one. -#}
{%- macro suppressed(column) -%}
case when is_hidden then 'suppressed' else {{ column }} end as {{ column }}
{%- endmacro -%}

{#- Where a number came from. Of a restricted file the public sees neither its name, which
    may hold a school's or a person's, nor the row, whose order may tell of an alphabet,
    nor the digest: of a small file whose other cells are known, a digest of eight
    characters is enough to find the last one by trial. -#}
{%- macro source_columns() -%}
case
            when source_file is null or {{ is_source_shown() }} then source_file
            else {{ restricted_file() }}
        end as source_file,
        case when {{ is_source_shown() }} then source_row end as source_row,
        case when {{ is_source_shown() }} then delivery end as delivery
{%- endmacro -%}

{%- macro is_source_shown(prefix='') -%}
(audience = 'partner' or coalesce({{ prefix }}visibility, '') = 'public')
{%- endmacro -%}

{#- What stands in the place of the name: that there is a file is no secret. -#}
{%- macro restricted_file() -%}
'a restricted file'
{%- endmacro -%}

{#- A sheet may be named after a school as a file may. -#}
{%- macro source_sheet(prefix='') -%}
case when {{ is_source_shown(prefix) }} then {{ prefix }}source_sheet end
            as {{ prefix }}source_sheet
{%- endmacro -%}
