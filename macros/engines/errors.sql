{# An expression that stops the build with a message; without a type. #}
{% macro raise(message) -%} {{ return(adapter.dispatch('raise', 'ai_unit_economics')(message)) }} {%- endmacro %}

{% macro default__raise(message) -%} error({{ message }}) {%- endmacro %}

{% macro spark__raise(message) -%} raise_error({{ message }}) {%- endmacro %}
