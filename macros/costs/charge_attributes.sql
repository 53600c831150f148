{# What a rule can look at: the columns of a charge that name things. Together they are far fewer than charges. #}
{% macro charge_attributes() %}
    {{- return([
        'billing_account_id', 'sub_account_id', 'resource_id', 'sku_id', 'sku_price_id', 'commitment_discount_id',
        'capacity_reservation_id', 'allocated_resource_id', 'region_id', 'billing_account_name', 'sub_account_name',
        'service_provider_name', 'host_provider_name', 'invoice_issuer_name', 'provider_name', 'publisher_name',
        'service_category', 'service_subcategory', 'service_name', 'charge_category', 'charge_class',
        'charge_frequency', 'charge_description', 'pricing_category', 'pricing_unit', 'commitment_discount_name',
        'commitment_discount_status', 'commitment_discount_type', 'capacity_reservation_status', 'consumed_unit',
        'sku_meter', 'region_name', 'availability_zone', 'resource_name', 'resource_type', 'tags', 'sku_price_details', 'allocated_tags',
        'other_columns'
    ]) -}}
{% endmacro %}

{# One number for the source and all attributes; a null differs from every text. #}
{% macro charge_attribute_key() -%}
    {{ key_of_text("concat_ws(chr(31), source, " ~ columns(charge_attributes(), 'coalesce({0}, chr(30))', ', ') ~ ")") }}
{%- endmacro %}

{# Attributes that hold an object: a rule names a key of it. #}
{% macro keyed_attributes() %}
    {{- return(['tags', 'sku_price_details', 'allocated_tags']) -}}
{% endmacro %}

{# The attribute that a rule names, as FOCUS writes it (ResourceId) or as this project does (resource_id). #}
{% macro rule_column(rule) -%} {{ replace_every('lower(' ~ rule ~ '.column_name)', '[^a-z0-9]', '') }} {%- endmacro %}

{% macro attribute_value(attributes, rule) -%}
    case {{ rule_column(rule) }}
        {%- for column in charge_attributes() if column != 'other_columns' %}
        when '{{ column | replace('_', '') }}'
            then {{ text_in_json(attributes ~ '.' ~ column, rule ~ '.tag_key') if column in keyed_attributes()
                else attributes ~ '.' ~ column }}
        {%- endfor %}
        -- a column that FOCUS does not have, of files that carry it
        else {{ text_in_json(attributes ~ '.other_columns', rule_column(rule)) }}
    end
{%- endmacro %}

{% macro value_matches(value, rule) -%}
    case {{ rule }}.operator
        when 'equals' then {{ value }} = {{ rule }}.value
        when 'like' then {{ value }} like {{ rule }}.value
        when 'regex' then {{ matches(value, rule ~ '.value') }}
        -- a tag that says nothing is none, and so is an empty list
        when 'exists' then {{ present_word(value) }} not in ('[]', '{}')
    end
{%- endmacro %}

{% macro forget_unused_attributes() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where attribute_key not in (select attribute_key from {{ ref('int_costs__charges_daily') }})
    {%- endif -%}
{%- endmacro %}

{# Whether a charge is usage that somebody made: no credit, tax or purchase, and not what nobody drew of a commitment. Such
   charges may repeat the quantity of what they are about. #}
{% macro is_consumption() -%}
    coalesce(
        charge_category = 'Usage'
        and commitment_discount_status is distinct from 'Unused'
        and capacity_reservation_status is distinct from 'Unused',
        true
    )
{%- endmacro %}

{# Whether FOCUS wants a ConsumedQuantity of a charge: usage that somebody made, and no correction of it. #}
{% macro has_consumed_quantity() -%}
    coalesce(
        charge_category = 'Usage'
        and charge_class is distinct from 'Correction'
        and commitment_discount_status is distinct from 'Unused'
        and capacity_reservation_status is distinct from 'Unused',
        true
    )
{%- endmacro %}

{# What a charge is paid for: somebody's use, or what nobody drew of a commitment or reservation. #}
{% macro cost_origin(attributes) -%}
    case
        when {{ attributes }}.commitment_discount_status = 'Unused'
            or {{ attributes }}.capacity_reservation_status = 'Unused'
            then 'unused_commitment'
        else 'usage'
    end
{%- endmacro %}

{# Whether a text names tokens as a word of its own, as in `gpt Outp glbl Tokens` or `1M tok`. #}
{% macro says_tokens(text) -%}
    {{ matches('lower(' ~ text ~ ')', "'(^|[^a-z])[km]?tok(en)?s?([^a-z]|$)'") }}
{%- endmacro %}
