{# A count from text; what is no whole number, or negative, is unknown: DuckDB rounds 1.5 to 2, and reads 0x1F and 1_000. #}
{% macro token_count(text) -%}
    case when {{ matches_all('trim(' ~ text ~ ')', "'[0-9]+([.]0*)?'") }}
        then try_cast(split_part(trim({{ text }}), '.', 1) as bigint)
    end
{%- endmacro %}

{# Requests that failed consumed what they consumed, but delivered nothing: they are no unit. #}
{% macro is_failed(status) -%}
    coalesce(
        {{ status }} in (
            'abort', 'aborted', 'cancelled', 'canceled', 'error', 'failed', 'failure', 'rejected', 'timeout'
        )
        or try_cast({{ status }} as decimal(18, 3)) >= 400,
        false
    )
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
