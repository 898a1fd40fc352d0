{#- The rows of a staging model that stand in current deliveries: a file delivered again
    under the same name replaces the earlier one. Needed wherever rows of one delivery
    meet those of another before the union of all extracts. -#}
{%- macro current_rows(model) -%}
select printed.*
from {{ ref(model) }} as printed
inner join {{ ref('int_deliveries_current') }} as deliveries
    on
        printed.provider = deliveries.provider
        and printed.extract = deliveries.extract
        and printed.delivery = deliveries.delivery
{%- endmacro -%}
