{# Why cost per unit moved; each is a column `<driver>_change` of the drivers, and they sum to the move. #}
{% macro drivers() -%}
    {{ return([
        'price', 'utilization', 'throughput', 'capacity_use', 'direct', 'idle', 'unobserved', 'unused_commitment', 'shared',
        'mix', 'start_stop', 'days_without_units'
    ]) }}
{%- endmacro %}

{# The mean of two values, and their logarithmic mean: both above 0, and the plain mean where they are nearly equal. #}
{% macro midpoint(a, b) -%} (({{ a }} + {{ b }}) / 2) {%- endmacro %}

{% macro logarithmic_mean(a, b) -%}
    case
        when abs({{ b }} / {{ a }} - 1) < 1e-8 then ({{ a }} + {{ b }}) / 2
        else ({{ b }} - {{ a }}) / ln({{ b }} / {{ a }})
    end
{%- endmacro %}
