{# Schemas are called what they hold (staging, intermediate, marts, config), without the target's name in front,
   so that a BI tool's connection reads the same in every environment. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
