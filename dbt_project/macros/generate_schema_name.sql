{#- Schemas are named by stage alone: staging, intermediate, marts, published, rules. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro -%}
