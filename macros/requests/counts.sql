{# A count from text; what is no whole number, or negative, is unknown: DuckDB rounds 1.5 to 2, and reads 0x1F and 1_000. #}
{% macro token_count(text) -%}
    case when {{ matches_all('trim(' ~ text ~ ')', "'[0-9]+([.]0*)?'") }}
        then try_cast(split_part(trim({{ text }}), '.', 1) as bigint)
    end
{%- endmacro %}

{# Requests that failed consumed what they consumed, but delivered nothing: they are no unit. Gateways say it by an HTTP status, as 500,
   http_500 or 500 internal server error, by gRPC's words, or by how the answer ended. #}
{% macro is_failed(status) -%}
    case
        when {{ status }} in ('200', 'cache_hit', 'ok', 'stop', 'success') then false
        else coalesce(
            try_cast(regexp_extract({{ status }}, '(^|[^0-9])([1-9][0-9]{2})([^0-9]|$)', 2) as integer) >= 400
            or {{ matches(
                status,
                "'abort|cancel|denied|error|exceeded|exhausted|fail|refused|reject|time.?out|unauthenticated|unavailable'"
            ) }},
            false
        )
    end
{%- endmacro %}

{# A count from text that may carry an exponent or decimals, as in 1.5e3; what is no whole number, or negative, is unknown. #}
{% macro whole_count(text) -%}
    case when {{ matches_all('trim(' ~ text ~ ')', "'[0-9]+([.][0-9]*)?([eE][+]?[0-9]{1,2})?'") }}
            and {{ whole_part('try_cast(' ~ text ~ ' as double)') }} = try_cast({{ text }} as double)
        then coalesce(
            case when {{ matches_all('trim(' ~ text ~ ')', "'[0-9]+'") }} then try_cast({{ text }} as bigint) end,
            try_cast(try_cast({{ text }} as double) as bigint)
        )
    end
{%- endmacro %}
