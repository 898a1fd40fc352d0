{#- A row for the code and one for each seed, with dbt's own digest of its file. -#}
{%- macro code_and_seed_digests() -%}
{%- if execute -%}
    union all
    select
        'code' as kind,
        'common_metrics' as name,
        '{{ env_var("COMMON_METRICS_CODE", "unknown") }}' as digest
{%- for node in graph.nodes.values() if node.resource_type == 'seed' %}
    union all
    select
        'seed' as kind,
        '{{ node.name }}' as name,
        '{{ node.checksum.checksum }}' as digest
{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
