{#- Schemas are named by stage alone: staging, intermediate, marts, published, rules.
    In a published file the tables of the public stand under their plain names in main. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'release' and 'public' in node.config.meta.get('tiers', []) -%}
        main
    {%- else -%}
        {{ custom_schema_name or target.schema }}
    {%- endif -%}
{%- endmacro -%}
