{#- A row for each seed with dbt's own digest of its file. -#}
{%- macro seed_digests() -%}
{%- if execute -%}
{%- for node in graph.nodes.values() if node.resource_type == 'seed' %}
    union all
    select
        'seed' as kind,
        '{{ node.name }}' as name,
        '{{ node.checksum.checksum }}' as digest,
{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
