{# In a select: all columns of a relation but some, as in `lines.{{ all_but('line') }}`. #}
{% macro all_but(names) -%} {{ return(adapter.dispatch('all_but', 'ai_unit_economics')(names)) }} {%- endmacro %}

{% macro default__all_but(names) -%} * exclude ({{ names }}) {%- endmacro %}

{% macro spark__all_but(names) -%} * except ({{ names }}) {%- endmacro %}

{# The last value of a window that is not null; `over` follows. #}
{% macro last_known(value) -%} {{ return(adapter.dispatch('last_known', 'ai_unit_economics')(value)) }} {%- endmacro %}

{% macro default__last_known(value) -%} last_value({{ value }} ignore nulls) {%- endmacro %}

{% macro spark__last_known(value) -%} last_value({{ value }}) ignore nulls {%- endmacro %}
