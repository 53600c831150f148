{# What a deployment is configured as; columns of the seed deployments, which change over time. #}
{% macro deployment_attributes() -%}
    {{ return([
        'model', 'model_variant', 'accelerator', 'quantization', 'batching', 'prefix_caching',
        'speculative_decoding', 'mig_profile', 'serving_engine', 'release'
    ]) }}
{%- endmacro %}

{# The cohort dimensions of the fact tables and the expression that gives a cell's cohort in each.
   This is the only list: a dimension that is added here appears in every fact and test. #}
{% macro cohort_dimensions(cell='cells', deployment_day='deployment_days') -%}
    {%- set dimensions = {
        'all': "'all'",
        'customer_tier': cell ~ '.customer_tier',
        'geography': cell ~ '.geography',
        'deployment': cell ~ '.deployment_id'
    } -%}
    {%- for attribute in deployment_attributes() -%}
        {%- do dimensions.update({attribute: deployment_day ~ '.' ~ attribute}) -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}

{# The dimensions that the gateway's rows tell, and not the deployment's configuration. #}
{% macro attributed_dimensions() -%}
    {{ return(['customer_tier', 'geography']) }}
{%- endmacro %}
