{# Where fully-loaded cost comes from; each is a column `<origin>_cost` of the facts, and they sum to effective_cost. #}
{% macro cost_origins() -%}
    {{ return(['usage', 'unused_commitment', 'idle', 'unobserved', 'shared']) }}
{%- endmacro %}

{# One method, or 'mixed' when the rows that are added up were split by several. #}
{% macro merge_methods(method) -%}
    case when min({{ method }}) = max({{ method }}) then min({{ method }}) when max({{ method }}) is not null then 'mixed' end
{%- endmacro %}
