{# A value as an integer of thousandths: exact for whole numbers up to 2^53, rounded at the third decimal for others. #}
{% macro to_thousandths(value) -%}
    (
        cast({{ whole_part(value) }} as bigint) * 1000
        + cast(round(({{ value }} - {{ whole_part(value) }}) * 1000) as bigint)
    )
{%- endmacro %}

{# Stops the build when samples do not come as sorted runs: then `lag() over ()` would have compared strangers. #}
{% macro stop_for_unsorted(counted) -%}
    case
        when {{ counted }}.starts <> 1 or {{ counted }}.steps_back > 0
            then {{ stop(
                'stg_prometheus__samples, {}: series {} is not one sorted run;'
                ~ ' rebuild with dbt build --full-refresh --select stg_prometheus__samples+',
                [counted ~ '.date_day', counted ~ '.scrape_series_id']
            ) }} is null
        else true
    end
{%- endmacro %}

{# Whether a request that a server answered does not say how many tokens it had: that is no 0. #}
{% macro is_without_count(tokens) -%}
    {{ tokens }} is null and not {{ is_failed('status') }} and status is distinct from 'cache_hit'
{%- endmacro %}

{# The share by which two meters may differ. #}
{% macro metering_tolerance() -%} cast({{ var('metering_tolerance') }} as double) {%- endmacro %}

{# How many tokens fewer or more a meter may have than another: a share of the other's or, on small days, a few of its own average requests. #}
{% macro tolerated_tokens(other_tokens, tokens, requests) -%}
    greatest(
        {{ metering_tolerance() }} * {{ other_tokens }},
        {{ var('metering_tolerance_requests') }} * {{ tokens }} / greatest(cast({{ requests }} as double), 1)
    )
{%- endmacro %}

{# What a day's counters are counted by; the number goes up when what older versions counted has to be counted again. #}
{% macro counting_settings() -%} {{ return(var('scrape_max_gap_seconds') ~ ' rules:2') }} {%- endmacro %}
