{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_unused_attributes() }}"
    )
}}

-- depends_on: {{ ref('int_costs__charges_daily') }}
with charges as (

    select
        {{ charge_attribute_key() }} as attribute_key,
        source,
        {{ charge_attributes() | join(', ') }}
    from {{ ref('stg_focus__charges') }}
    {% if is_incremental() -%}
    where source_file in (
            select source_file
            from {{ ref('int_costs__charges_daily') }}
            where attribute_key not in (select attribute_key from {{ this }})
        )
    {%- endif %}

)

select
    attribute_key,
    {{ columns(charge_attributes(), 'max({0}) as {0}') }},
    max(source) as source
from charges
{% if is_incremental() -%}
where attribute_key not in (select attribute_key from {{ this }})
{% endif -%}
group by attribute_key
