{# Whole numbers that are wider than a BIGINT: money in its smallest unit, and products of it. Beyond the width both engines raise. #}
{% macro wide_integer() -%} {{ return(adapter.dispatch('wide_integer', 'ai_unit_economics')()) }} {%- endmacro %}

{% macro default__wide_integer() -%} {{ return('hugeint') }} {%- endmacro %}

{% macro spark__wide_integer() -%} {{ return('decimal(38, 0)') }} {%- endmacro %}

{# Whole division, rounded towards 0; by 0 both engines raise. #}
{% macro quotient(dividend, divisor) -%} {{ return(adapter.dispatch('quotient', 'ai_unit_economics')(dividend, divisor)) }} {%- endmacro %}

{% macro default__quotient(dividend, divisor) -%} ({{ dividend }} // {{ divisor }}) {%- endmacro %}

{# Spark's quotient of two DECIMALs has 18 decimals and 20 digits before them, and `div` is a LONG that overflows without a word. So it
   divides as on paper, 18 digits at a time: no quotient is longer than 20 digits, and none has a remainder. The lambda names both
   numbers once. #}
{% macro spark__quotient(dividend, divisor) -%}
    element_at(
        transform(
            transform(
                array(struct(cast({{ dividend }} as decimal(38, 0)) as low, cast({{ divisor }} as decimal(38, 0)) as by)),
                n -> struct(
                    cast((n.low - n.low % 1000000000000000000) / 1000000000000000000 as decimal(38, 0)) as high,
                    n.low % 1000000000000000000 as low,
                    n.by as by
                )
            ),
            n -> cast((n.high - n.high % n.by) / n.by as decimal(38, 0)) * 1000000000000000000
                + cast(
                    (
                        (n.high % n.by) * 1000000000000000000 + n.low
                        - ((n.high % n.by) * 1000000000000000000 + n.low) % n.by
                    ) / n.by as decimal(38, 0)
                )
        ),
        1
    )
{%- endmacro %}

{# The digits of a DECIMAL(38, 18) before its point. #}
{% macro whole_part(amount) -%} {{ return(adapter.dispatch('whole_part', 'ai_unit_economics')(amount)) }} {%- endmacro %}

{% macro default__whole_part(amount) -%} trunc({{ amount }}) {%- endmacro %}

{% macro spark__whole_part(amount) -%} ({{ amount }} - {{ amount }} % 1) {%- endmacro %}

{# -1 below 0, else 1: `sign` is a DOUBLE in Spark. #}
{% macro sign_of(amount) -%} case when {{ amount }} < 0 then -1 else 1 end {%- endmacro %}

{# A statistic that becomes money: to the nearest unit of the eighteenth decimal. #}
{% macro money_of_double(value) -%} {{ return(adapter.dispatch('money_of_double', 'ai_unit_economics')(value)) }} {%- endmacro %}

{% macro default__money_of_double(value) -%} cast({{ value }} as {{ money_type() }}) {%- endmacro %}

{# Spark's own cast takes the shortest text of a DOUBLE and not the number itself. Its 10^18 fold, a whole number, is
   cut by 2^64 and 2^32 into three parts that a BIGINT holds. #}
{% macro spark__money_of_double(value) -%}
    element_at(
        transform(
            transform(
                array(round(({{ value }}) * 1e18D)),
                n -> struct(
                    n,
                    signum(n) * floor(abs(n) / 18446744073709551616D) as high
                )
            ),
            n -> case when n.n is not null then
                {{ units_to_money(
                    '(cast(cast(n.high as bigint) as decimal(38, 0)) * cast(18446744073709551616 as decimal(38, 0))'
                    ~ ' + cast(cast(signum(n.n) * floor((abs(n.n) - abs(n.high) * 18446744073709551616D) / 4294967296D) as bigint)'
                    ~ ' as decimal(38, 0)) * 4294967296'
                    ~ ' + cast(cast((n.n - n.high * 18446744073709551616D) % 4294967296D as bigint) as decimal(38, 0)))'
                ) }}
            end
        ),
        1
    )
{%- endmacro %}

{# A text of digits as money: 1234.5 and 1.2E-7; null where it is no such text. DuckDB alone reads 1_234 too, and Spark Arabic digits. #}
{% macro money_of_text(text) -%} {{ return(adapter.dispatch('money_of_text', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__money_of_text(text) -%}
    case when not contains({{ text }}, '_') then try_cast({{ text }} as {{ money_type() }}) end
{%- endmacro %}

{% macro spark__money_of_text(text) -%}
    case when regexp_like({{ text }}, '^[-+.0-9eE\s]+$') then try_cast({{ text }} as {{ money_type() }}) end
{%- endmacro %}
