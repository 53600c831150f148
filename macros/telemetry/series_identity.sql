{# A text's stable 63-bit number: the same on every machine, in every run, in every version of DuckDB and in Spark. #}
{% macro stable_id(text) -%} {{ return(adapter.dispatch('stable_id', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__stable_id(text) -%} cast(md5_number_lower({{ text }}) >> 1 as bigint) {%- endmacro %}

{# The last eight bytes of the MD5, of which the very last is the highest. #}
{% macro spark__stable_id(text) -%}
    cast(
        shiftrightunsigned(
            cast(conv(regexp_replace(right(md5({{ text }}), 16), '(..)(..)(..)(..)(..)(..)(..)(..)', '$8$7$6$5$4$3$2$1'), 16, -10) as bigint), 1
        ) as bigint
    )
{%- endmacro %}

{# The metric that says when a counter, or a histogram's sum, was created. #}
{% macro created_name(metric) -%} regexp_replace({{ metric }}, '(_total|_sum|_count)?$', '_created') {%- endmacro %}

{# The labels as one text, sorted, without empty ones (in Prometheus an empty label is none) and without `except`. #}
{% macro labels_text(labels, except=[]) -%}
    {%- set condition -%}
        coalesce({{ labels }}[name], '') != ''
        {%- if except %} and name not in ('{{ except | join("', '") }}'){% endif %}
    {%- endset -%}
    {%- set names = 'array_sort(' ~ list_where('map_keys(' ~ labels ~ ')', 'name', condition) ~ ')' -%}
    {{ joined_texts(list_of_each(names, 'name', "name || '=' || " ~ labels ~ '[name]'), 'chr(10)') }}
{%- endmacro %}

{# Labels in which the replicas of a high-availability pair, or the receivers of what one of them sent, differ, and nothing else
   does: of Prometheus and its operator, Mimir and Cortex, and Thanos. `prometheus_counts.py` has the same ones. #}
{% macro replica_labels() -%}
    {{ return([
        'prometheus_replica', '__replica__', 'replica', 'ha_replica', 'cluster_replica', 'thanos_replica',
        'receive_replica', 'thanos_receive_replica', 'rule_replica', 'ruler_replica'
    ]) }}
{%- endmacro %}

{% macro replica_of(labels) -%}
    coalesce({% for label in replica_labels() %}{{ labels }}['{{ label }}'], {% endfor %}'')
{%- endmacro %}

{# What can be counted: a number that is not negative and that a DOUBLE holds exactly. Stale markers, NaN, infinities and
   negative values are no values; their time is kept. #}
{% macro is_countable(value) -%} coalesce({{ value }} between 0 and 9007199254740992, false) {%- endmacro %}

{# Whether a counter fell, and so began again at 0. Sums of seconds may step back by the rounding of their parts. #}
{% macro has_fallen(value, previous_value, tolerance='0.001') -%} {{ value }} < {{ previous_value }} - {{ tolerance }} {%- endmacro %}
