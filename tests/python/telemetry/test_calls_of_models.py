"""Which spans are calls of a model: under whatever name, each once; what has tokens and is no known call is named."""

from __future__ import annotations

import pytest

from tests.python.telemetry.test_names_of_tokens import span, spans

USAGE = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 50}
CALLS = (
    *("chat", "CHAT", "chat.completions", "text.completions", "completion", "acompletion", "text_completion"),
    *("responses", "generate", "generateContent", "generate_content", "converse", "embedding", "embeddings", "rerank"),
)
NO_CALLS = ("invoke_agent", "plan", "image_generation", "generate_text")
HTTP = {"http.request.method": "POST"}


def named(operation: str) -> dict:
    return {"gen_ai.operation.name": operation, **USAGE}


def child_of(number: int) -> dict:
    return {"parentSpanId": f"{number:016x}"}


# By deployment: spans as what they have and whose children they are, and how many calls they are.
TREES = {
    # an agent, its step and two calls
    "agent": (
        [({**named("invoke_agent")}, 0), ({"x": 1}, 1), (named("chat"), 2), (named("completion"), 2)],
        2,
    ),
    # a library around another one
    "wrapped": ([(named("acompletion"), 0), (named("chat.completions"), 1)], 1),
    # a client, two spans of HTTP and the server, which names no operation
    "served": ([(named("chat"), 0), (HTTP, 1), (HTTP, 2), (USAGE, 3)], 1),
    # a client that knows no tokens of a stream
    "streamed": ([({"gen_ai.operation.name": "chat"}, 0), (HTTP, 1), (USAGE, 2)], 1),
    # a guard asks a model of its own, in the call that it guards
    "guarded": ([(named("chat"), 0), (HTTP, 1), ({**named("chat"), "gen_ai.usage.input_tokens": 70}, 2)], 2),
    # an unknown name around a call and within one is no usage of its own
    "embraced": ([(named("plan"), 0), (named("chat"), 1), (named("plan"), 2)], 1),
    # a span of HTTP around what is within
    "embraced_further": ([(named("chat"), 0), (HTTP, 1), (named("plan"), 2)], 1),
    # OpenInference's kinds, in whatever case
    "kinds": ([({"openinference.span.kind": kind, **USAGE}, 0) for kind in ("LLM", "llm", "RERANKER", "Embedding")], 4),
    "vercel": (
        [
            ({"ai.operationId": "ai.generateText", "ai.usage.promptTokens": 1000}, 0),
            ({"ai.operationId": "ai.generateText.doGenerate", "ai.usage.promptTokens": 1000}, 1),
        ],
        1,
    ),
    "vercel_of_old": (
        [
            ({"operation.name": "ai.streamText answer", "ai.usage.promptTokens": 1000}, 0),
            ({"operation.name": "ai.toolCall answer"}, 1),
            ({"operation.name": "ai.streamText.doStream answer", "ai.usage.promptTokens": 1000}, 2),
        ],
        1,
    ),
    # one deployment for both: what an embedding does not tell is 0, and no doubt about the output of the other
    "embedded": (
        [
            (named("chat"), 0),
            ({"gen_ai.operation.name": "embedding", "gen_ai.usage.input_tokens": 500}, 0),
            ({"openinference.span.kind": "EMBEDDING", "gen_ai.usage.input_tokens": 500}, 0),
        ],
        3,
    ),
    # a name that is none of a call, in an attribute that anybody may use
    "other_name": ([({"operation.name": "my-service", **USAGE}, 0)], 1),
    # the tokens of a prompt that is counted beforehand are those of the call that follows
    "counted_before": ([(named("count_tokens"), 0), (named("chat"), 0)], 1),
    # of an agent and its unknown calls the innermost is named
    "unknown": ([(named("invoke_agent"), 0), (HTTP, 1), (named("plan"), 1)], 0),
}


@pytest.fixture(scope="module")
def built(module_warehouse):
    for number, operation in enumerate((*CALLS, *NO_CALLS)):
        one = span(100 * number + 1, {"gen_ai.request.model": operation, **named(operation)})
        module_warehouse.write(f"telemetry/requests/op-{operation}.jsonl", spans(one))
    for number, (deployment, (tree, _)) in enumerate(TREES.items()):
        first = 10_000 + 100 * number
        text = spans(
            *(
                span(
                    first + place,
                    {"gen_ai.request.model": deployment, **attributes},
                    **(child_of(first + parent) if parent else {}),
                )
                for place, (attributes, parent) in enumerate(tree, start=1)
            )
        )
        # delivered twice: a span is one
        module_warehouse.write(f"telemetry/requests/tree-{deployment}.jsonl", text * 2)
    module_warehouse.build("+int_quality__telemetry_files", "+int_usage__customer_requests_daily")
    return module_warehouse


@pytest.fixture(scope="module")
def counted(built) -> dict[str, tuple]:
    rows = built.query("""
        select deployment_id, sum(requests), sum(uncached_input_tokens), sum(output_tokens)
        from intermediate.int_usage__customer_requests_daily group by 1
    """)
    return {deployment: tuple(counts) for deployment, *counts in rows}


@pytest.mark.parametrize("operation", CALLS)
def test_a_call_under_any_of_its_names(counted, operation):
    assert counted[operation] == (1, 1000, 50)


@pytest.mark.parametrize("deployment", TREES)
def test_a_call_counts_once(counted, deployment):
    requests = TREES[deployment][1]
    assert counted.get(deployment, (0,))[0] == requests


def test_tokens_of_calls_within_calls(counted):
    assert counted["served"] == counted["streamed"] == counted["wrapped"] == (1, 1000, 50)
    assert counted["guarded"] == (2, 1070, 100)
    assert counted["agent"] == (2, 2000, 100)


def test_an_embedding_has_no_output_and_no_cache(built, counted):
    assert counted["embedded"] == (3, 2000, 50)
    assert built.query("""
        select sum(requests_without_output), sum(requests_without_cached)
        from intermediate.int_usage__customer_requests_daily where deployment_id = 'embedded'
    """) == [(0, 1)]


def test_other_spans_with_tokens_are_named_and_do_not_count(built, counted):
    assert not counted.keys() & set(NO_CALLS)
    assert built.query("""
        select parse_filename(source_file), issue, split_part(detail, ': ', 2), affected_rows
        from intermediate.int_quality__telemetry_files
        where issue not in ('unknown_deployment', 'times_without_offset', 'time_in_future') order by 1
    """) == [
        *((f"op-{name}.jsonl", "unread_spans", name, 1) for name in sorted(NO_CALLS)),
        ("tree-unknown.jsonl", "unread_spans", "plan", 1),
    ]
