"""Samples of counters and gauges, in every shape that a Prometheus-compatible system exports.

All become `metric, labels, labels_json, sampled_at, value`, and the texts of a time and of a value that are none. Where
a file tells when a counter was created, that is a sample too, of a metric that ends in `_created`. A line that cannot
be read gives a row without a metric, so that it can be counted. `scrapes` is how many scrapes a row stands for, where a
database thinned them out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import duckdb

from ai_unit_economics.landing import readers, tables
from ai_unit_economics.landing.heads import DUMP_LINE, Head
from ai_unit_economics.landing.shapes import Catalogues, Reading, Shape
from ai_unit_economics.sql import Sql, joined, sql

FOLDER = "telemetry/prometheus"
# What a column of the long form is, by the names that it goes under.
ROLES = {
    **dict.fromkeys(("ts", "timestamp", "time", "__timestamp__:unix_ms", "__timestamp__:unix_s"), "ts"),
    "__timestamp__:rfc3339": "ts",
    **dict.fromkeys(("metric", "name", "__name__"), "metric"),
    **dict.fromkeys(("value", "__value__"), "value"),
    **dict.fromkeys(("labels", "tags"), "labels"),
    "created": "created",
    "scrapes": "scrapes",
}
# Names that tokens and requests of models go under, and what such names have that count neither: the same patterns as
# in macros/telemetry/usage_names.sql.
_MODELS = "llm|gen_?ai|models?|inference|infer|predictions?|completions?|chat|embeddings?|prompts?|generations?"
LOOKS_LIKE_USAGE = f"tokens?(_|$)|(^|_)({_MODELS})_(.*_)?requests?(_|$)|(^|_)requests?_(.*_)?({_MODELS})(_|$)"
_OTHERS = (
    "seconds?|secs?|ms|us|ns|milliseconds?|microseconds?|latency|duration|time|ttft|tpot|itl",
    "per|rate|ratio|throughput|speed|tps|perc|percent|pct|utilization",
    "max|maximum|min|minimum|avg|average|mean|median|sizes?|bytes|length|len|limits?|quota|remaining|budget",
    "capacity|available|evictable|free|running|waiting|pending|queued?|swapped|inflight|in_flight|outstanding",
    "active|concurrent|batched|window|reserved|kv_used_tokens|num_used_tokens|kv_cache_tokens",
    "errors?|failed|failures?|fail|aborted|cancelled|canceled|rejected|denied|dropped|retried|retries|timeouts?",
    "throttled",
    "(auth[a-z]*|oauth2?|oidc|jwt|csrf|bearer|access|refresh|id|push|device|bootstrap)_tokens?",
    "tokens?_(bucket|reviews?|requests?|refresh|issued?|creat[a-z]*|lookups?|revo[a-z]*|expir[a-z]*|valid[a-z]*"
    "|verif[a-z]*|ttl)",
)
LOOKS_LIKE_NO_USAGE = (
    "_(bucket|created|info)$"
    "|^(vault|serviceaccount|apiserver|kubelet|kube|etcd|argocd|authentication|dex|keycloak)_"
    "|^sglang_(.*_)?token_usage$"
    f"|(^|_)({'|'.join(_OTHERS)})(_|$)"
)
CREATED = re.compile("(_total|_sum|_count)?$")
ATTRIBUTES = (
    'struct("key" varchar, "value" struct("stringValue" varchar, "intValue" varchar, "doubleValue" varchar,'
    ' "boolValue" varchar))[]'
)
# What a row stands for where every scrape has its own.
ONE = sql("cast(null as integer)")
# Where a time or a value cannot be read, its text; the other shapes have numbers in their place.
READ = sql("cast(null as varchar) as unread_time, cast(null as varchar) as unread_value")
# Words for a sample without a value, as a scraper, a database or a frame of data writes a stale marker.
NO_VALUES = ("", "nan", "null", "none", "nil", "stale", "n/a", "na", "<na>", "\\n")
UNREAD = sql(
    """
    case when sampled_at is null then nullif(trim(cast(given_ts as varchar)), '') end as unread_time,
    case
        when value is null and not list_contains({words}, lower(trim(given_value))) then trim(given_value)
    end as unread_value
    """,
    words=NO_VALUES,
)
_POINTS = f"""struct(
    "aggregationTemporality" varchar,
    "dataPoints" struct(
        "attributes" {ATTRIBUTES}, "startTimeUnixNano" varchar, "timeUnixNano" varchar,
        "asInt" varchar, "asDouble" varchar, "count" varchar, "sum" varchar
    )[]
)"""
_RESOURCE_METRICS = f"""struct(
    "resource" struct("attributes" {ATTRIBUTES}),
    "scopeMetrics" struct("metrics" struct(
        "name" varchar, "sum" {_POINTS}, "gauge" {_POINTS}, "histogram" {_POINTS}, "exponentialHistogram" {_POINTS}
    )[])[]
)[]"""
# Attributes of OpenTelemetry under the names that Prometheus' exporters give them.
LABEL_OF_ATTRIBUTE = {
    "k8s.pod.name": "pod",
    "k8s.namespace.name": "namespace",
    "k8s.node.name": "node",
    "k8s.cluster.name": "cluster",
    "k8s.container.name": "container",
    "service.name": "job",
    "service.instance.id": "instance",
}


def long_form(reading: Reading) -> Sql:
    """A table with a row a sample. Labels are a MAP, a STRUCT, JSON text, or columns of their own."""
    head = reading.head
    relation = (
        readers.parquet(reading.paths, head.columns)
        if head.format == "parquet"
        else readers.csv(reading.paths, head, strict=False, is_numbered=False, encoding=reading.encoding)
    )
    known: dict[str, int] = {}
    labels: list[int] = []
    for number, column in enumerate(head.columns, start=1):
        role = ROLES.get(column.name.lower())
        if role and role not in known:
            known[role] = number
        else:
            labels.append(number)

    def kind(role: str) -> str:
        return head.columns[known[role] - 1].type

    metric = sql("cast({name} as varchar)", name=readers.column(known["metric"]))
    given = readers.column(known["value"])
    is_text = kind("value") == "VARCHAR"
    value = readers.number_of(given) if is_text else sql("try_cast({value} as double)", value=given)
    at = readers.time_of(readers.column(known["ts"]), kind("ts"))
    cells = sql(
        "{ts} as given_ts, {value} as given_value",
        ts=readers.column(known["ts"]),
        value=given if is_text else sql("cast(null as varchar)"),
    )
    branch = """
        select source_file, metric, labels, labels_json, sampled_at, value, {unread}, scrapes
        from (
            select
                source_file, cast({metric} as varchar) as metric, {labels}, {at} as sampled_at,
                cast({value} as double) as value, {cells}, {scrapes} as scrapes
            from {relation}
        )
    """
    scrapes = sql("try_cast({cell} as integer)", cell=readers.column(known["scrapes"])) if "scrapes" in known else ONE
    of_labels = _labels(head, known.get("labels"), labels)
    branches = [
        sql(
            branch,
            metric=metric,
            labels=of_labels,
            at=at,
            value=value,
            cells=cells,
            unread=UNREAD,
            scrapes=scrapes,
            relation=relation,
        )
    ]
    if "created" in known:
        created = sql("epoch({time})", time=readers.time_of(readers.column(known["created"]), kind("created")))
        branches.append(
            sql(
                branch,
                metric=created_name(metric),
                labels=of_labels,
                at=at,
                value=created,
                cells=sql("null as given_ts, null as given_value"),
                unread=READ,
                scrapes=ONE,
                relation=relation,
            )
        )
    return sql("({branches})", branches=joined(branches, " union all "))


def created_name(metric: Sql) -> Sql:
    """The metric that says when a counter, or a histogram's sum, was created."""
    return sql("regexp_replace({metric}, '(_total|_sum|_count)?$', '_created')", metric=metric)


def normal_name(metric: Sql) -> Sql:
    """One name for what differs by scraper, exposition format and prefix.

    `vllm:prompt_tokens_total`, `vllm_prompt_tokens_total`, `ray_vllm_prompt_tokens_total`,
    `kserve_vllm:prompt_tokens_total` and `vllm:prompt_tokens` are all `vllm_prompt_tokens`. Ray exports each counter a
    second time as a gauge without `_total`; that twin keeps its prefix, so that no row of the catalogue takes it for
    the counter.
    """
    return sql(
        """case
            when
                regexp_matches({metric}, '^ray_', 'i')
                and not regexp_matches({metric}, '_(total|sum|count|bucket|created)$', 'i')
                then {plain}
            else regexp_replace({plain}, '^(ray|kserve)_|_total$', '', 'g')
        end""",
        metric=metric,
        plain=sql("replace(replace(lower({metric}), ':', '_'), '.', '_')", metric=metric),
    )


def normal_names(names: Iterable[str]) -> dict[str, str]:
    """Names as they are given, each with the one that `normal_name` makes of it."""
    query = sql(
        "select name, {normal} from (select unnest({names}::varchar[]) as name)",
        normal=normal_name(sql("name")),
        names=sorted(names),
    )
    return dict(duckdb.execute(query.text).fetchall())


def summary_by(catalogues: Catalogues) -> Callable[[Sql], Sql]:
    """What makes rows of `prometheus_series` of samples, by the names of the metric catalogue."""
    return lambda rows: summary(rows, [row["metric"] for row in catalogues.metric_catalog])


def summary(rows: Sql, catalogued: Iterable[str]) -> Sql:
    """What is in files of samples, by file, day, metric and labels.

    It is the only step that sees every sample, and must stay cheap: of a metric that nobody asked for, and that does
    not look like usage, labels are left out. Labels are compared as they are: DuckDB's `hash` of texts that differ in
    two letters is now and then the same, and two pods would count as one.
    """
    counted = sorted({name for metric in catalogued for name in (metric, CREATED.sub("_created", metric, count=1))})
    return sql(
        """(
            select
                source_file,
                name,
                metric,
                labels,
                labels_json,
                date_day,
                cast(sum(samples) as bigint) as samples,
                cast(sum(uncountable_samples) as bigint) as uncountable_samples,
                cast(sum(negative_samples) as bigint) as negative_samples,
                cast(sum(unreadable_values) as bigint) as unreadable_values,
                min(unread_time) as unread_time,
                min(unread_value) as unread_value,
                min(lowest_value) as lowest_value,
                max(highest_value) as highest_value,
                min(lowest_millisecond) as lowest_millisecond,
                max(highest_millisecond) as highest_millisecond,
                min(first_sampled_at) as first_sampled_at,
                max(last_sampled_at) as last_sampled_at,
                flatten(list(thinned) filter (where thinned is not null)) as thinned
            from {named}
            group by source_file, name, metric, labels, labels_json, date_day
        )""",
        named=_with_labels_where_asked_for(_sample_groups(rows), counted),
    )


def _sample_groups(rows: Sql) -> Sql:
    return sql(
        """(
            select
                source_file,
                metric,
                labels,
                labels_json,
                cast(sampled_at as date) as date_day,
                count(*) as samples,
                count(*) filter (where not {countable}) as uncountable_samples,
                count(*) filter (where value < 0) as negative_samples,
                count(unread_value) as unreadable_values,
                min(unread_time) as unread_time,
                min(unread_value) as unread_value,
                min(value) filter (where {countable}) as lowest_value,
                max(value) filter (where {countable}) as highest_value,
                min(millisecond(sampled_at) % 1000) as lowest_millisecond,
                max(millisecond(sampled_at) % 1000) as highest_millisecond,
                min(sampled_at) as first_sampled_at,
                max(sampled_at) as last_sampled_at,
                list(struct_pack(sampled_at := sampled_at, scrapes := scrapes)) filter (where scrapes > 1) as thinned
            from {rows}
            group by source_file, metric, labels, labels_json, cast(sampled_at as date)
        )""",
        rows=rows,
        countable=sql("coalesce(value between 0 and 9007199254740992, false)"),
    )


def _with_labels_where_asked_for(groups: Sql, counted: list[str]) -> Sql:
    return sql(
        """(
            select * replace (
                case when has_labels then labels end as labels,
                case when has_labels then labels_json end as labels_json
            )
            from (
                select
                    *,
                    {name} as name,
                    coalesce(
                        list_contains({counted}, {name})
                        or (regexp_matches({name}, {usage}) and not regexp_matches({name}, {no_usage})),
                        false
                    ) as has_labels
                from {groups}
            )
        )""",
        groups=groups,
        name=normal_name(sql("metric")),
        counted=counted,
        usage=LOOKS_LIKE_USAGE,
        no_usage=LOOKS_LIKE_NO_USAGE,
    )


def _labels(head: Head, labels: int | None, others: list[int]) -> Sql:
    """`labels` and `labels_json`. A text of labels stays one: to read it is dear, and once a series is enough."""
    nothing = sql("cast(null as map(varchar, varchar)) as labels")
    if labels is None:
        entries = joined(
            sql(
                "struct_pack(key := {name}, value := cast({cell} as varchar))",
                name=_label(head, n),
                cell=readers.column(n),
            )
            for n in others
        )
        return sql(
            """map_from_entries(list_filter(
                cast([{entries}] as struct("key" varchar, "value" varchar)[]), lambda entry: entry.value is not null
            )) as labels, cast(null as varchar) as labels_json""",
            entries=entries,
        )
    cell, kind = readers.column(labels), head.columns[labels - 1].type
    replica = next((number for number in others if head.columns[number - 1].name == "replica"), None)
    if kind in ("VARCHAR", "JSON") and replica is None:
        return sql("{nothing}, cast({cell} as varchar) as labels_json", nothing=nothing, cell=cell)
    if kind.startswith("MAP"):
        given = sql("cast({cell} as map(varchar, varchar))", cell=cell)
    elif kind.startswith("STRUCT"):
        given = sql("cast(to_json({cell}) as map(varchar, varchar))", cell=cell)
    else:
        given = sql("try_cast(try_cast({cell} as json) as map(varchar, varchar))", cell=cell)
    if replica is not None:
        given = sql(
            """case
                when {given} is not null then map_concat(
                    {given}, case when {replica} is not null then map(['replica'], [cast({replica} as varchar)]) end
                )
            end""",
            given=given,
            replica=readers.column(replica),
        )
    return sql("{given} as labels, cast(null as varchar) as labels_json", given=given)


def _label(head: Head, number: int) -> str:
    return head.columns[number - 1].name


def _without_name(labels: Sql) -> Sql:
    """Prometheus has a metric's name among its labels."""
    return sql(
        "map_from_entries(list_filter(map_entries({labels}), lambda entry: entry.key <> '__name__'))", labels=labels
    )


def victoria_metrics(reading: Reading) -> Sql:
    """VictoriaMetrics' `/api/v1/export`: a series a line, or a piece of one, in milliseconds; null: a stale marker."""
    lines = readers.json_struct(
        reading.paths,
        reading.head,
        {"metric": "map(varchar, varchar)", "values": "double[]", "timestamps": "bigint[]"},
        largest=reading.largest,
    )
    return sql(
        """(
            select source_file, metric, labels, cast(null as varchar) as labels_json, {at} as sampled_at, value
            from (
                select
                    source_file, metric, labels, unnest(coalesce(timestamps, [null])) as milliseconds,
                    unnest(coalesce("values", [null])) as value
                from (
                    select source_file, metric['__name__'] as metric, {labels} as labels, timestamps, "values"
                    from {lines}
                )
            )
        )""",
        lines=lines,
        labels=_without_name(sql("metric")),
        at=sql(
            "case when milliseconds between 946684800000 and 4102444799999 then make_timestamp(milliseconds * 1000) end"
        ),
    )


_ANSWER = 'struct("result" struct("metric" map(varchar, varchar), "values" varchar[][], "value" varchar[])[])'


def prometheus_api(reading: Reading) -> Sql:
    """Prometheus' HTTP API, what a query with a range selector answers: seconds, and values as text."""
    if reading.head.format == "json_lines":
        answers = sql(
            "(select source_file, data from {lines})",
            lines=readers.json_struct(reading.paths, reading.head, {"data": _ANSWER}, largest=reading.largest),
        )
    else:
        answers = sql(
            "(select source_file, from_json(json_extract(document, '$.data'), {structure}) as data from {documents})",
            structure='{"result": [{"metric": "MAP(VARCHAR, VARCHAR)", "values": [["VARCHAR"]], "value": '
            '["VARCHAR"]}]}',
            documents=readers.json_values(reading.paths, reading.head, largest=reading.largest),
        )
    return sql(
        """(
            select
                source_file, metric, labels, cast(null as varchar) as labels_json, {at} as sampled_at,
                {value} as value
            from (
                select source_file, metric, labels, unnest(samples) as sample
                from (
                    select
                        source_file,
                        result.metric['__name__'] as metric,
                        {labels} as labels,
                        coalesce(result."values", [result."value"]) as samples
                    from (
                        select source_file, unnest(coalesce(data.result, [null])) as result
                        from {answers}
                    )
                )
            )
        )""",
        value=readers.number_of(sql("sample[2]")),
        at=readers.time_of_number(readers.number_of(sql("sample[1]"))),
        labels=_without_name(sql("result.metric")),
        answers=answers,
    )


def otlp(reading: Reading) -> Sql:
    """OTLP's JSON lines. What is cumulative says when it was created.

    A delta is written as a rise from 0: a zero a microsecond after its start and the delta at its end, so that neither
    the order of lines and files nor a line that comes twice changes anything.
    """
    lines = readers.json_struct(
        reading.paths, reading.head, {"resourceMetrics": _RESOURCE_METRICS}, largest=reading.largest
    )
    at = readers.time_of_number(
        readers.number_of(sql("sample.nanoseconds")), exact=sql("try_cast(sample.nanoseconds as hugeint)")
    )
    return sql(
        """(
            select
                source_file,
                sample.metric as metric,
                {labels} as labels,
                cast(null as varchar) as labels_json,
                {at} + case when sample.is_start then interval 1 microsecond else interval 0 microsecond end
                    as sampled_at,
                sample.value as value
            from (
                select source_file, attributes, unnest({samples}) as sample
                from {points}
            )
        )""",
        labels=_labels_of_attributes(),
        at=at,
        samples=_samples_of_point(),
        points=_points(_metrics(lines)),
    )


def _metrics(lines: Sql) -> Sql:
    """A metric of OTLP a row, with the attributes of its resource; a line that cannot be read is a row without one."""
    return sql(
        """(
            select source_file, resource_attributes, unnest(coalesce(scope.metrics, [null])) as metric
            from (
                select
                    source_file,
                    resource.resource.attributes as resource_attributes,
                    unnest(coalesce(resource.scopeMetrics, [null])) as scope
                from (
                    select source_file, unnest(coalesce(resourceMetrics, [null])) as resource
                    from {lines}
                )
            )
        )""",
        lines=lines,
    )


def _points(metrics: Sql) -> Sql:
    """A data point of OTLP a row, with its own attributes and then those of its resource."""
    return sql(
        """(
            select
                source_file,
                name as metric,
                is_delta,
                point,
                nullif(point.startTimeUnixNano, '0') as start_unix_nano,
                list_transform(
                    list_concat(coalesce(point.attributes, []), coalesce(resource_attributes, [])),
                    lambda attribute: struct_pack(
                        key := attribute.key,
                        text := coalesce(
                            attribute."value".stringValue, attribute."value".intValue,
                            attribute."value".doubleValue,
                            attribute."value".boolValue
                        )
                    )
                ) as attributes
            from (
                select
                    source_file,
                    resource_attributes,
                    metric.name,
                    given.aggregationTemporality in ('1', 'AGGREGATION_TEMPORALITY_DELTA') is true as is_delta,
                    unnest(coalesce(given.dataPoints, [null])) as point
                from (
                    select
                        *,
                        coalesce(metric."sum", metric.gauge, metric.histogram, metric.exponentialHistogram) as given
                    from {metrics}
                )
            )
        )""",
        metrics=metrics,
    )


def _labels_of_attributes() -> Sql:
    """Attributes as labels: of two with one name the first counts, the point's before its resource's."""
    names = joined(
        (sql("when {key} then {label}", key=key, label=label) for key, label in LABEL_OF_ATTRIBUTE.items()), " "
    )
    return sql(
        """map_from_entries(list_transform(
            list_distinct(list_transform(attributes, lambda attribute: attribute.key)),
            lambda name: struct_pack(
                key := case name {names} else replace(name, '.', '_') end,
                value := list_filter(attributes, lambda attribute: attribute.key = name)[1].text
            )
        ))""",
        names=names,
    )


def _samples_of_point() -> Sql:
    """The samples of a data point: its value, or the count and the sum of a histogram, each with its beginning."""
    named = sql(
        """case
            when point.count is null
                then [struct_pack(name := metric, value := coalesce(point.asInt, point.asDouble))]
            else [
                struct_pack(name := metric || '_count', value := point.count),
                struct_pack(name := metric || '_sum', value := point."sum")
            ]
        end"""
    )
    return sql(
        """case
            when point is null
                then [struct_pack(
                    metric := cast(null as varchar), nanoseconds := cast(null as varchar), is_start := false,
                    value := cast(null as double)
                )]
            else flatten(list_transform({named}, lambda one: list_filter(
                [
                    struct_pack(
                        metric := one.name, nanoseconds := point.timeUnixNano, is_start := false,
                        value := {value}
                    ),
                    case
                        when start_unix_nano is null then null
                        when is_delta
                            then struct_pack(
                                metric := one.name, nanoseconds := start_unix_nano, is_start := true,
                                value := cast(0 as double)
                            )
                        else struct_pack(
                            metric := {created}, nanoseconds := point.timeUnixNano, is_start := false,
                            value := try_cast(start_unix_nano as double) / 1000000000
                        )
                    end
                ],
                lambda sample: sample is not null
            )))
        end""",
        named=named,
        value=readers.number_of(sql("one.value")),
        created=created_name(sql("one.name")),
    )


def tsdb_dump(reading: Reading) -> Sql:
    """Lines such as `{__name__="m", a="b"} 1 1795485059744` (`promtool tsdb dump`) or `m{a="b"} 1 1795485059.744`."""
    return sql(
        r"""(
            select
                source_file,
                case when parts.at != '' then coalesce(nullif(parts.metric, ''), labels['__name__']) end as metric,
                {labels} as labels,
                cast(null as varchar) as labels_json,
                {at} as sampled_at,
                {value} as value
            from (
                select
                    *,
                    map_from_entries(list_transform(
                        list_zip(
                            regexp_extract_all(parts.labels, '"?([^"{},= ]+)"?="((?:[^"\\]|\\.)*)"', 1),
                            regexp_extract_all(parts.labels, '"?([^"{},= ]+)"?="((?:[^"\\]|\\.)*)"', 2)
                        ),
                        lambda pair: struct_pack(
                            key := pair[1],
                            value := replace(replace(replace(pair[2], '\n', chr(10)), '\"', '"'), '\\', '\')
                        )
                    )) as labels
                from (
                    select
                        source_file,
                        regexp_extract(
                            line, '^([^{ ]*)(?:\{(.*)\})? ([^ ]+) ([0-9.eE+-]+)$', ['metric', 'labels', 'value', 'at']
                        ) as parts
                    from {lines}
                    where not starts_with(line, '#')
                )
            )
        )""",
        labels=_without_name(sql("labels")),
        value=readers.number_of(sql("parts.value")),
        at=readers.time_of_number(sql("try_cast(parts.at as double)")),
        lines=readers.lines(reading.paths, reading.head),
    )


def cannot_stay_packed(head: Head) -> str | None:
    """Why samples cannot be read where they lie: the view over them reads them again whenever a day is counted."""
    if head.packing == "zip":
        return "samples in a ZIP are not read: unpack it"
    # DuckDB reads UTF-16 with the low byte first alone, and gives no rows of the others without a word
    is_readable = head.format == "csv" and head.encoding not in ("utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
    if head.encoding != "utf-8" and not is_readable:
        return f"its encoding is {head.encoding}: save it as UTF-8"
    return None


def encoding_of(head: Head) -> str:
    """The encoding of a text as DuckDB's reader of CSV names it."""
    if head.encoding == "utf-8":
        return "latin-1" if head.is_damaged else "utf-8"
    return "utf-16" if head.encoding.startswith("utf-16") else "latin-1"


def _is_table(head: Head) -> bool:
    """A CSV or Parquet file with a metric, a time and a value, without which no row of it is a sample."""
    roles = {ROLES.get(column.name.lower()) for column in head.columns}
    return head.format in ("parquet", "csv") and {"metric", "ts", "value"} <= roles


def _shape(name: str, title: str, remarks: str, recognises, rows) -> Shape:
    return Shape(name, FOLDER, tables.PROMETHEUS_SAMPLES, title, remarks, recognises, rows)


def _each_scrape(rows: Callable[[Reading], Sql]) -> Callable[[Reading], Sql]:
    """Rows of a shape in which nothing was thinned out."""

    def with_scrapes(reading: Reading) -> Sql:
        return sql("(select *, {read}, {one} as scrapes from {rows})", read=READ, one=ONE, rows=rows(reading))

    return with_scrapes


def _is_json(head: Head) -> bool:
    return head.format in ("json_lines", "json_document")


SHAPES = (
    _shape(
        "victoria_metrics_csv",
        "VictoriaMetrics `/api/v1/export/csv` without a header",
        "Labels have no names, so metrics that count by a label do not count. With a header it is the long form.",
        lambda head: head.format == "csv" and not head.has_header,
        long_form,
    ),
    _shape(
        "long_form",
        "Long form: a row a sample, Parquet or CSV",
        "`ts, metric, labels, value`; labels as a map, JSON text or own columns; optional `replica`, `created`, and "
        "`scrapes`, which `fetch-prometheus --counts` writes.",
        _is_table,
        long_form,
    ),
    _shape(
        "otlp_metrics",
        "OTLP JSON lines of metrics",
        "Cumulative and delta sums, gauges, histograms' sums and counts.",
        lambda head: head.format == "json_lines" and "resourcemetrics" in head.keys,
        _each_scrape(otlp),
    ),
    _shape(
        "prometheus_api",
        "Prometheus API matrix, from an instant query with a range selector",
        "An answer a line, or one document. `query_range` is resampled, hides restarts and is warned about.",
        lambda head: _is_json(head) and {"data", "status"} <= head.keys,
        _each_scrape(prometheus_api),
    ),
    _shape(
        "victoria_metrics",
        "VictoriaMetrics `/api/v1/export`",
        "JSON lines.",
        lambda head: head.format == "json_lines",
        _each_scrape(victoria_metrics),
    ),
    _shape(
        "tsdb_dump",
        "`promtool tsdb dump` and `dump-openmetrics`",
        "Text, a sample a line.",
        lambda head: head.format == "text" and DUMP_LINE.match(head.first_line.partition("\n")[0]) is not None,
        _each_scrape(tsdb_dump),
    ),
)
