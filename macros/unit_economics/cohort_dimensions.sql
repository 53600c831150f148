{# What a deployment is configured as; columns of the seed deployments, which change over time. #}
{% macro deployment_attributes() -%}
    {{ return([
        'model', 'model_variant', 'accelerator', 'quantization', 'batching', 'prefix_caching',
        'speculative_decoding', 'mig_profile', 'serving_engine', 'release'
    ]) }}
{%- endmacro %}

{# Which cohort a cell belongs to in a dimension that the gateway's rows tell. #}
{% macro gateway_cohort(dimension, cell) -%}
    case {{ dimension }}
        when 'customer_tier' then {{ cell }}.customer_tier
        when 'geography' then {{ cell }}.geography
    end
{%- endmacro %}
