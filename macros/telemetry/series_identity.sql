{# A text's stable 63-bit number: the same on every machine, in every run and in every version of DuckDB. #}
{% macro stable_id(text) -%} cast(md5_number_lower({{ text }}) >> 1 as bigint) {%- endmacro %}

{#
    One name for what differs by scraper, exposition format and prefix: `vllm:prompt_tokens_total`,
    `vllm_prompt_tokens_total`, `ray_vllm_prompt_tokens_total` and `vllm:prompt_tokens` are all `vllm_prompt_tokens`.
    Ray exports each counter a second time as a gauge without `_total`; that twin keeps its prefix, so that no catalogue
    row takes it for the counter.
#}
{% macro metric_name(name) -%}
    case
        when regexp_matches({{ name }}, '^ray_', 'i') and not regexp_matches({{ name }}, '_(total|sum|count|bucket|created)$', 'i')
            then replace(replace(lower({{ name }}), ':', '_'), '.', '_')
        else regexp_replace(replace(replace(lower({{ name }}), ':', '_'), '.', '_'), '^ray_|_total$', '', 'g')
    end
{%- endmacro %}

{# The labels as one text, sorted, without empty ones (in Prometheus an empty label is none) and without `except`. #}
{% macro labels_text(labels, except=[]) -%}
    array_to_string(
        list_transform(
            list_sort(list_filter(
                map_keys({{ labels }}),
                lambda name: coalesce({{ labels }}[name], '') <> ''
                {%- if except %} and name not in ('{{ except | join("', '") }}'){% endif %}
            )),
            lambda name: name || '=' || {{ labels }}[name]
        ),
        chr(10)
    )
{%- endmacro %}

{# Labels in which the replicas of a high-availability pair differ, and nothing else does. #}
{% macro replica_labels() -%} {{ return(['prometheus_replica', '__replica__', 'replica']) }} {%- endmacro %}

{% macro replica_of(labels) -%}
    coalesce({% for label in replica_labels() %}{{ labels }}['{{ label }}'], {% endfor %}'')
{%- endmacro %}

{# What can be counted: a number that is not negative and that a DOUBLE holds exactly. Stale markers, NaN, infinities and
   negative values are no values; their time is kept. #}
{% macro is_countable(value) -%} coalesce({{ value }} between 0 and 9007199254740992, false) {%- endmacro %}

{# Whether a counter fell, and so began again at 0. Sums of seconds may step back by the rounding of their parts. #}
{% macro has_fallen(value, previous_value, tolerance='0.001') -%} {{ value }} < {{ previous_value }} - {{ tolerance }} {%- endmacro %}
