{#
    Whether a metric's normal name looks like a count of tokens or of a model's requests. Times, rates, sizes, states of
    the moment, failures, and tokens that somebody logs in with are none. The same patterns are in landing/samples.py,
    which keeps labels of such metrics.
#}
{% macro looks_like_usage(metric) -%}
    ({{ matches(metric, "'" ~ usage_names() ~ "'") }} and not {{ matches(metric, "'" ~ other_names() ~ "'") }})
{%- endmacro %}

{% macro usage_names() -%}
    {%- set models = 'llm|gen_?ai|models?|inference|infer|predictions?|completions?|chat|embeddings?|prompts?'
        ~ '|generations?' -%}
    {{ return(
        'tokens?(_|$)'
        ~ '|(^|_)(' ~ models ~ ')_(.*_)?requests?(_|$)'
        ~ '|(^|_)requests?_(.*_)?(' ~ models ~ ')(_|$)'
    ) }}
{%- endmacro %}

{% macro other_names() -%}
    {%- set words = [
        'seconds?|secs?|ms|us|ns|milliseconds?|microseconds?|latency|duration|time|ttft|tpot|itl',
        'per|rate|ratio|throughput|speed|tps|perc|percent|pct|utilization',
        'max|maximum|min|minimum|avg|average|mean|median|sizes?|bytes|length|len|limits?|quota|remaining|budget',
        'capacity|available|evictable|free|running|waiting|pending|queued?|swapped|inflight|in_flight|outstanding',
        'active|concurrent|batched|window|reserved|kv_used_tokens|num_used_tokens|kv_cache_tokens',
        'errors?|failed|failures?|fail|aborted|cancelled|canceled|rejected|denied|dropped|retried|retries|timeouts?',
        'throttled',
        '(auth[a-z]*|oauth2?|oidc|jwt|csrf|bearer|access|refresh|id|push|device|bootstrap)_tokens?',
        'tokens?_(bucket|reviews?|requests?|refresh|issued?|creat[a-z]*|lookups?|revo[a-z]*|expir[a-z]*|valid[a-z]*'
        ~ '|verif[a-z]*|ttl)'
    ] -%}
    {{ return(
        '_(bucket|created|info)$'
        ~ '|^(vault|serviceaccount|apiserver|kubelet|kube|etcd|argocd|authentication|dex|keycloak)_'
        ~ '|^sglang_(.*_)?token_usage$'
        ~ '|(^|_)(' ~ words | join('|') ~ ')(_|$)'
    ) }}
{%- endmacro %}
