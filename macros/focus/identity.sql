{# What a charge is about. Where its resource and its price have names, that is enough; else all that it says beside its amounts. #}
{% macro charge_names() %}
    {{- return([
        'billing_account_id', 'sub_account_id', 'resource_id', 'charge_category', 'charge_class', 'charge_frequency',
        'pricing_category', 'commitment_discount_id', 'commitment_discount_status', 'allocated_resource_id'
    ]) -}}
{% endmacro %}

{% macro names_a_thing() -%} resource_id is not null and coalesce(sku_price_id, sku_id, sku_meter) is not null {%- endmacro %}

{# A text that two charges have in common where they are about the same thing. #}
{% macro identity_of_charge(names) -%}
    {%- set further = ['service_name', 'charge_description', 'region_id', 'consumed_unit', 'tags'] -%}
    concat_ws(
        chr(31), coalesce(sku_price_id, sku_id, sku_meter, ''),
        {{ columns(names, "coalesce(cast({0} as string), '')", ', ') }}
    )
    || case
        when {{ names_a_thing() }} then ''
        else chr(30) || concat_ws(chr(31), {{ columns(further, "coalesce({0}, '')", ', ') }})
    end
{%- endmacro %}
