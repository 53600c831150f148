{# A count from text; what is no whole number, or negative, is unknown: DuckDB rounds 1.5 to 2, and reads 0x1F and 1_000. #}
{% macro token_count(text) -%}
    case when {{ matches_all('trim(' ~ text ~ ')', "'[0-9]+([.]0*)?'") }}
        then try_cast(split_part(trim({{ text }}), '.', 1) as bigint)
    end
{%- endmacro %}

{# The code that a status has, as 500, http_500 or 500 internal server error. #}
{% macro status_code(status) -%}
    try_cast(regexp_extract({{ status }}, '(^|[^0-9])([1-9][0-9]{2})([^0-9]|$)', 2) as integer)
{%- endmacro %}

{# What says that an answer came, or why a model ended it, and what says nothing. #}
{% macro is_delivered(status) -%}
    {%- set words = [
        '200', 'answered', 'cache_hit', 'complete', 'completed', 'content_filter', 'content_filtered', 'delivered', 'done',
        'end', 'end_of_turn', 'end_turn', 'eos', 'eos_token', 'finished', 'function_call', 'guardrail_intervened',
        'incomplete', 'length', 'max_length', 'max_output_tokens', 'max_tokens', 'model_context_window_exceeded',
        'model_length', 'ok', 'partial', 'pause_turn', 'recitation', 'refusal', 'repetition', 'returned', 'safety', 'served',
        'status_code_ok', 'status_code_unset', 'stop', 'stop_sequence', 'stop_token', 'succeeded', 'success', 'successful',
        't', 'token_limit', 'tool_call', 'tool_calls', 'tool_use', 'true', 'unset', 'y', 'yes',
        '-', 'n/a', 'no error', 'no_error', 'none', 'null'
    ] -%}
    {{ status }} in ('{{ words | join("', '") }}')
{%- endmacro %}

{# Requests that failed consumed what they consumed, but delivered nothing: they are no unit. Gateways say it by an HTTP status,
   by gRPC's or a provider's words, or by how the answer ended. #}
{% macro is_failed(status) -%}
    {%- set words = ['data_loss', 'down', 'f', 'false', 'internal', 'ko', 'lost', 'n', 'nak', 'ng', 'no', 'nok', 'oom'] -%}
    {%- set parts = [
        'abort', 'bad.?request', 'blocked', 'broken', 'cancel', 'capacity', 'circuit.?(open|break)', 'client.?clos',
        'closed.?request', 'connection', 'crash', 'declined', 'denied', 'disconnect', 'drop', 'error', 'evict', 'exceeded',
        'exception', 'exhausted', 'expired', 'fail', 'forbidden', 'interrupt', 'invalid', 'killed', 'load.?shed',
        'no.?healthy', 'not.?found', 'out.?of.?memory', 'overload', 'preempt', 'quota', 'rate.?limit', 'refused', 'reject',
        'reset', 'terminated', 'throttl', 'time.?out', 'too.?(large|long|many)', 'unauthenticated', 'unauthori',
        'unavailable', 'unimplemented', 'unprocessable'
    ] -%}
    case
        when {{ is_delivered(status) }} then false
        else coalesce(
            {{ status_code(status) }} >= 400
            or {{ status }} in ('{{ words | join("', '") }}')
            or {{ matches(status, "'" ~ parts | join('|') ~ "'") }},
            false
        )
    end
{%- endmacro %}

{# Whether somebody knows what a status says. A request with another one counts as delivered, and is an issue. #}
{% macro is_known_status(status) -%}
    ({{ status }} is null or {{ is_delivered(status) }} or {{ status_code(status) }} is not null or {{ is_failed(status) }})
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
