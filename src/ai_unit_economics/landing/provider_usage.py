"""What providers of hosted models metered: reports as their APIs return them, clouds' metrics, a generic table.

Counts are text here. A report that cannot be read gives a row without a bucket, so that it can be counted.
"""

from __future__ import annotations

from collections.abc import Callable

from ai_unit_economics.landing import named_columns, readers, tables
from ai_unit_economics.landing.named_columns import LOOKS_LIKE_NO_TOKENS, Unread
from ai_unit_economics.landing.shapes import Reading, Shape, has_keys
from ai_unit_economics.sql import Sql, identifier, joined, sql

FOLDER = "telemetry/provider_usage"
TEXTS = (
    *("provider", "operation", "model", "deployment_id", "project_id", "workspace_id", "api_key_id", "user_id"),
    *("service_tier", "region", "input_tokens", "uncached_input_tokens", "cached_input_tokens", "cache_write_tokens"),
    *("output_tokens", "requests"),
)
NOTHING = sql("null")
COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "requests")


def _documents(reading: Reading) -> Sql:
    """The JSON values of reports, a row each; an array gives its elements."""
    return sql(
        """(
            select
                source_file, source_row,
                unnest(case when json_type(document) = 'ARRAY' then json_extract(document, '$[*]') else [document] end)
                    as document
            from {values}
        )""",
        values=readers.json_values(reading.paths, reading.head, largest=reading.largest),
    )


def _elements(document: Sql, path: str) -> Sql:
    """The elements of an array; one null where there is no document, so that what is unreadable stays a row."""
    return sql(
        "unnest(case when {document} is null then [null] else json_extract({document}, {path}) end)",
        document=document,
        path=f"{path}[*]",
    )


def _folder(names: str) -> Sql:
    """What a folder above a file says of it, such as `region=us-east-1/`."""
    return sql("nullif(regexp_extract(source_file, {pattern}, 1), '')", pattern=f"/(?:{names})=([^/]+)/")


def _resource(account: Sql = NOTHING, region: Sql = NOTHING) -> Sql:
    """Whose usage a report is, where it is not of the only one. Usage of different resources adds up."""
    return sql(
        "nullif(concat_ws('/', coalesce({account}, {account_folder}), coalesce({region}, {region_folder})), '')",
        account=account,
        account_folder=_folder("account|organi[sz]ation"),
        region=region,
        region_folder=_folder("region"),
    )


def _results(reading: Reading, starts_at: str, ends_at: str) -> Sql:
    """A row a result of a report's buckets, with the two times of its bucket as text."""
    return sql(
        """(
            select
                source_file,
                source_row,
                bucket ->> {starts_at} as starts_at,
                bucket ->> {ends_at} as ends_at,
                {results} as result
            from (select source_file, source_row, {buckets} as bucket from {documents})
        )""",
        starts_at=starts_at,
        ends_at=ends_at,
        results=_elements(sql("bucket"), "$.results"),
        buckets=_elements(sql("document"), "$.data"),
        documents=_documents(reading),
    )


def openai(reading: Reading) -> Sql:
    """Pages of the Usage API: input includes cached and written tokens."""
    return sql(
        """(
            select
                source_file,
                source_row,
                'openai' as provider,
                regexp_extract(result ->> '$.object', 'organization\\.usage\\.(\\w+)\\.result', 1) as operation,
                result ->> '$.model' as model,
                result ->> '$.project_id' as project_id,
                result ->> '$.api_key_id' as api_key_id,
                result ->> '$.user_id' as user_id,
                nullif(concat_ws(
                    ' ', result ->> '$.service_tier', case when (result ->> '$.batch') = 'true' then 'batch' end
                ), '') as service_tier,
                {resource} as resource_id,
                result ->> '$.input_tokens' as input_tokens,
                result ->> '$.input_uncached_tokens' as uncached_input_tokens,
                result ->> '$.input_cached_tokens' as cached_input_tokens,
                result ->> '$.input_cache_write_tokens' as cache_write_tokens,
                result ->> '$.output_tokens' as output_tokens,
                result ->> '$.num_model_requests' as requests,
                {starts_at} as bucket_start,
                {ends_at} as bucket_end
            from {results}
        )""",
        resource=_resource(),
        starts_at=readers.time_of_text(sql("starts_at")),
        ends_at=readers.time_of_text(sql("ends_at")),
        results=_results(reading, "$.start_time", "$.end_time"),
    )


def anthropic(reading: Reading) -> Sql:
    """Pages of the usage report for messages: input is uncached, and writes to the cache are of two kinds."""
    return sql(
        """(
            select
                source_file,
                source_row,
                'anthropic' as provider,
                'messages' as operation,
                result ->> '$.model' as model,
                result ->> '$.workspace_id' as workspace_id,
                result ->> '$.api_key_id' as api_key_id,
                result ->> '$.service_tier' as service_tier,
                result ->> '$.inference_geo' as region,
                {resource} as resource_id,
                result ->> '$.context_window' as other_dimensions,
                result ->> '$.uncached_input_tokens' as uncached_input_tokens,
                result ->> '$.cache_read_input_tokens' as cached_input_tokens,
                cast(
                    coalesce(try_cast(result ->> '$.cache_creation.ephemeral_5m_input_tokens' as bigint), 0)
                    + coalesce(try_cast(result ->> '$.cache_creation.ephemeral_1h_input_tokens' as bigint), 0)
                    as varchar
                ) as cache_write_tokens,
                result ->> '$.output_tokens' as output_tokens,
                {starts_at} as bucket_start,
                {ends_at} as bucket_end
            from {results}
        )""",
        resource=_resource(),
        starts_at=readers.time_of_text(sql("starts_at")),
        ends_at=readers.time_of_text(sql("ends_at")),
        results=_results(reading, "$.starting_at", "$.ending_at"),
    )


def bedrock_invocations(reading: Reading) -> Sql:
    """Bedrock's invocation log: a row an invocation that did not fail, which was not metered."""
    return sql(
        """(
            select
                source_file,
                source_row,
                'aws.bedrock' as provider,
                regexp_replace(document ->> '$.modelId', '^.*/', '') as model,
                document ->> '$.identity.arn' as user_id,
                document ->> '$.region' as region,
                {resource} as resource_id,
                document ->> '$.requestId' as other_dimensions,
                document ->> '$.input.inputTokenCount' as uncached_input_tokens,
                document ->> '$.input.cacheReadInputTokenCount' as cached_input_tokens,
                document ->> '$.input.cacheWriteInputTokenCount' as cache_write_tokens,
                document ->> '$.output.outputTokenCount' as output_tokens,
                '1' as requests,
                {invoked_at} as bucket_start,
                {invoked_at} as bucket_end
            from {documents}
            where document ->> '$.errorCode' is null
        )""",
        resource=_resource(),
        invoked_at=readers.time_of_text(sql("(document ->> '$.timestamp')")),
        documents=_documents(reading),
    )


def cloudwatch(reading: Reading) -> Sql:
    """GetMetricData and GetMetricStatistics. An answer has neither dimensions nor period: the label carries them."""
    metrics = sql(
        """(
            with resources as (
                select
                    *,
                    coalesce(label_region, {region_folder}) as region,
                    {resource} as resource_id,
                    parse_dirpath(source_file) as folder
                from {labelled}
            ),

            spaced as (
                select
                    *,
                    date_diff('second', lag(bucket_start) over (
                        partition by folder, resource_id, model order by bucket_start
                    ), bucket_start) as seconds_since_last
                from resources
            )

            select
                source_file,
                source_row,
                regexp_replace(model, '^.*/', '') as model,
                cast(null as varchar) as deployment_id,
                region,
                resource_id,
                coalesce(metric, 'InputTokenCount') as metric,
                value,
                bucket_start,
                coalesce(
                    period_seconds, min(nullif(seconds_since_last, 0)) over (partition by folder, resource_id, model)
                ) as bucket_seconds
            from spaced
            where metric is not null or bucket_start is null
        )""",
        labelled=_labelled(_cloudwatch_points(_documents(reading))),
        region_folder=_folder("region"),
        resource=_resource(sql("label_account"), sql("label_region")),
    )
    return _pivoted(reading, metrics, "cloudwatch", "aws.bedrock", {"uncached_input_tokens": "input_tokens"})


def _cloudwatch_points(documents: Sql) -> Sql:
    """A data point a row, of either kind of answer; a document that cannot be read is one without a time."""
    return sql(
        """(
            with answers as (select * from {documents})

            select
                source_file, source_row, result ->> '$.Label' as label,
                unnest(json_extract_string(result, '$.Timestamps[*]')) as sampled_at,
                unnest(json_extract_string(result, '$.Values[*]')) as value
            from (
                select source_file, source_row, unnest(json_extract(document, '$.MetricDataResults[*]')) as result
                from answers
            )
            union all
            select
                source_file, source_row, document ->> '$.Label' as label,
                unnest(json_extract_string(document, '$.Datapoints[*].Timestamp')) as sampled_at,
                unnest(json_extract_string(document, '$.Datapoints[*].Sum')) as value
            from answers
            union all
            select source_file, source_row, null, null, null
            from answers
            where document is null
        )""",
        documents=documents,
    )


def _labelled(points: Sql) -> Sql:
    """What the words of a point's label say: metric, period, region, account and model."""
    return sql(
        """(
            select
                source_file,
                source_row,
                string_split(label, ' ') as words,
                list_filter(words, lambda word: regexp_full_match(word, '\\w*(TokenCount|Invocations)'))[1]
                    as metric,
                try_cast(list_filter(words, lambda word: regexp_full_match(word, '\\d{1,11}'))[1] as bigint)
                    as period_seconds,
                list_filter(words, lambda word: regexp_full_match(word, '[a-z]{2}(-[a-z]+)+-\\d'))[1]
                    as label_region,
                list_filter(words, lambda word: regexp_full_match(word, '\\d{12}'))[1] as label_account,
                coalesce(
                    list_filter(words, lambda word: not regexp_full_match(
                        word, '\\d+|\\w*(TokenCount|Invocations)|[a-z]{2}(-[a-z]+)+-\\d'
                    ))[1],
                    {model_folder}
                ) as model,
                try_cast(value as double) as value,
                {sampled_at} as bucket_start
            from {points}
        )""",
        points=points,
        model_folder=_folder("model"),
        sampled_at=readers.time_of_text(sql("sampled_at")),
    )


def azure_monitor(reading: Reading) -> Sql:
    """Azure Monitor's answers for Azure OpenAI. The service leaves out what is nothing; only statuses 2xx count."""
    metrics = sql(
        """(
            select
                source_file,
                source_row,
                dimensions['modelname'] as model,
                dimensions['modeldeploymentname'] as deployment_id,
                region,
                resource_id,
                coalesce(metric_name, 'ProcessedPromptTokens') as metric,
                coalesce(try_cast(point ->> '$.total' as double), 0) as value,
                {at} as bucket_start,
                try_cast(regexp_extract(bucket_interval, '(\\d+)', 1) as bigint) * case
                    when bucket_interval like 'PT%M' then 60
                    when bucket_interval like 'PT%H' then 3600
                    when bucket_interval like 'P%D' then 86400
                end as bucket_seconds
            from {points}
            where dimensions['statuscode'] is null or dimensions['statuscode'] like '2%'
        )""",
        points=_azure_points(_documents(reading)),
        at=readers.time_of_text(sql("(point ->> '$.timeStamp')")),
    )
    return _pivoted(reading, metrics, "azure_monitor", "azure.openai", {})


def _azure_points(documents: Sql) -> Sql:
    """A data point a row, with its metric, resource and dimensions."""
    return sql(
        """(
            with named as (
                select
                    source_file,
                    source_row,
                    document ->> '$.interval' as bucket_interval,
                    document ->> '$.resourceregion' as region,
                    {metric} as metric
                from {documents}
            ),

            series as (
                select
                    * exclude (metric),
                    metric ->> '$.name.value' as metric_name,
                    regexp_replace(lower(metric ->> '$.id'), '/providers/microsoft\\.insights/metrics/.*$', '')
                        as resource_id,
                    {timeseries} as one_series
                from named
            )

            select
                *,
                map_from_entries(list_transform(
                    coalesce(json_extract(one_series, '$.metadatavalues[*]'), []),
                    lambda dimension: struct_pack(
                        key := lower(dimension ->> '$.name.value'), value := dimension ->> '$.value'
                    )
                )) as dimensions,
                {data} as point
            from series
        )""",
        metric=_elements(sql("document"), "$.value"),
        documents=documents,
        timeseries=_elements(sql("metric"), "$.timeseries"),
        data=_elements(sql("one_series"), "$.data"),
    )


def _pivoted(reading: Reading, metrics: Sql, shape: str, provider: str, renamed: dict[str, str]) -> Sql:
    """Metrics of a cloud as columns; the seed column_aliases says which metric is which count.

    A part that is no number, or negative, makes the whole unknown.
    """
    names = [
        {"column": column, "metric": metric, "priority": priority}
        for column in COUNTS
        for priority, metric in enumerate(reading.catalogues.aliases(shape, column))
    ]
    columns = {column: column for column in COUNTS if column not in renamed.values()} | renamed
    return sql(
        """(
            select
                source_file, source_row, {provider} as provider, model, deployment_id, region, resource_id, {counts},
                bucket_start, bucket_start + to_seconds(bucket_seconds) as bucket_end
            from (
                select
                    metrics.source_file, metrics.source_row, metrics.model, metrics.deployment_id, metrics.region,
                    metrics.resource_id, metrics.bucket_start, metrics.bucket_seconds, names."column", names.priority,
                    case
                        when count(*) = count(*) filter (where metrics.value >= 0)
                            then cast(cast(round(sum(metrics.value)) as bigint) as varchar)
                        else 'unusable'
                    end as value
                from {metrics} as metrics
                inner join (select unnest({names}, recursive := true)) as names on metrics.metric = names.metric
                group by all
            )
            group by source_file, source_row, model, deployment_id, region, resource_id, bucket_start, bucket_seconds
        )""",
        provider=provider,
        counts=joined(
            sql(
                'min_by(value, priority) filter (where "column" = {given}) as {name}',
                given=given,
                name=identifier(name),
            )
            for name, given in columns.items()
        ),
        metrics=metrics,
        names=names,
    )


def tables_of_usage(reading: Reading) -> Sql:
    """The generic table."""
    rows = named_columns.rows(
        reading,
        lambda column: reading.catalogues.aliases("provider_usage", column),
        TEXTS,
        ["bucket_start", "bucket_end"],
        Unread(reading.catalogues.known_names("provider_usage"), "token", LOOKS_LIKE_NO_TOKENS),
    )
    return sql(
        "(select * replace (lower(provider) as provider), {resource} as resource_id from {rows})",
        resource=_resource(),
        rows=rows,
    )


def _shape(name: str, title: str, remarks: str, keys: tuple[str, ...], rows, unfit: str | None = None) -> Shape:
    recognises: Callable = has_keys(*keys)
    return Shape(name, FOLDER, tables.PROVIDER_USAGE, title, remarks, recognises, rows, unfit)


_COSTS = "amounts and not usage; costs belong in focus"
_BEDROCK_LOG = ("JSON lines as delivered to S3. A repeated invocation counts once, a failed one does not.",)
_CLOUDWATCH = (
    "`GetMetricData`, or `GetMetricStatistics` with `Sum`. Input excludes cache reads and writes. Ask for the label "
    "`${PROP('Dim.ModelId')} ${PROP('MetricName')} ${PROP('Period')} ${PROP('Region')} ${PROP('AccountId')}`, or use "
    "folders `model=…/`, `region=…/`, `account=…/`, and others for hours than for days."
)

SHAPES = (
    _shape("openai_costs", "OpenAI costs", "", ("has_more", "start_time", "amount", "line_item"), None, _COSTS),
    _shape("anthropic_costs", "Anthropic costs", "", ("has_more", "starting_at", "amount"), None, _COSTS),
    _shape(
        "openai_usage",
        "OpenAI Usage API",
        "Pages as returned, of any kind. Input includes cached and written tokens.",
        ("has_more", "start_time", "end_time", "results"),
        openai,
    ),
    _shape(
        "anthropic_usage",
        "Anthropic usage report for messages",
        "Pages as returned. Input is uncached; requests are not counted.",
        ("has_more", "starting_at", "ending_at", "results"),
        anthropic,
    ),
    _shape("cloudwatch", "Amazon Bedrock in CloudWatch", _CLOUDWATCH, ("metricdataresults",), cloudwatch),
    _shape("cloudwatch", "Amazon Bedrock in CloudWatch", _CLOUDWATCH, ("label", "datapoints"), cloudwatch),
    _shape(
        "bedrock_invocations",
        "Amazon Bedrock invocation log",
        *_BEDROCK_LOG,
        ("modelid", "timestamp", "input", "output"),
        bedrock_invocations,
    ),
    _shape(
        "bedrock_invocations",
        "Amazon Bedrock invocation log",
        *_BEDROCK_LOG,
        ("schematype", "modelid", "timestamp"),
        bedrock_invocations,
    ),
    _shape(
        "azure_monitor",
        "Azure OpenAI metrics",
        "`ProcessedPromptTokens`, `GeneratedTokens`, `AzureOpenAIRequests`, split by `ModelDeploymentName` and "
        "`ModelName`. Cached tokens are only a rate, so uncached input is unknown.",
        ("timespan", "value", "timeseries"),
        azure_monitor,
    ),
    _shape(
        "generic",
        "Generic table",
        "`provider`, `starts_at`, `ends_at` and any counts.",
        (
            "provider",
            "starts_at|bucket_start|start_time",
            "input_tokens|prompt_tokens|uncached_input_tokens|output_tokens|completion_tokens|requests",
        ),
        tables_of_usage,
    ),
)
