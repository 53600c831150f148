{# Metric and labels of a series in one line; the metric alone where nobody asked for it. #}
{% macro series_text() -%}
    case
        when is_catalogued
            then metric || '{' || replace({{ labels_text('labels') }}, chr(10), ', ') || '}'
        else metric
    end
{%- endmacro %}
