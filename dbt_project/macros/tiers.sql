{#- Where a number came from. Of a restricted file the public sees neither its name, which
    may hold a school's or a person's, nor the row, whose order may tell of an alphabet,
    nor the digest: of a small file whose other cells are known, a digest of eight
    characters is enough to find the last one by trial. -#}
{%- macro source_columns(public) -%}
    {%- if public -%}
    case
        when source_file is null or visibility = 'public' then source_file
        else {{ restricted_file() }}
    end as source_file,
    case when visibility = 'public' then source_row end as source_row,
    case when visibility = 'public' then delivery end as delivery
    {%- else -%}
    source_file,
    source_row,
    delivery
    {%- endif -%}
{%- endmacro -%}

{#- What stands in the place of the name: that there is a file is no secret. -#}
{%- macro restricted_file() -%}
'a restricted file'
{%- endmacro -%}

{#- The same for the baseline of a target. -#}
{%- macro baseline_source_columns(public) -%}
    {%- if public -%}
    case
        when baseline_visibility = 'public' then baseline_source_file
        else {{ restricted_file() }}
    end as baseline_source_file,
    case when baseline_visibility = 'public' then baseline_source_row end
        as baseline_source_row
    {%- else -%}
    baseline_source_file,
    baseline_source_row
    {%- endif -%}
{%- endmacro -%}

{#- A sheet may be named after a school as a file may. -#}
{%- macro source_sheet(public, prefix='') -%}
    {%- if public -%}
    case when {{ prefix }}visibility = 'public' then {{ prefix }}source_sheet end
        as {{ prefix }}source_sheet
    {%- else -%}
    {{ prefix }}source_sheet
    {%- endif -%}
{%- endmacro -%}
