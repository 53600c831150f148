"""The landed tables: names, columns, types and grain of what any engine has to be given.

`docs/landed-tables.md` and `models/landing/_landing__models.yml` are written from here (`make docs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ai_unit_economics.landing.focus_columns import DATASETS
from ai_unit_economics.sql import Sql, identifier, joined, sql


@dataclass(frozen=True)
class Column:
    """A column of a landed table. `describes` is a text, or the name of a doc block of the dbt project in brackets."""

    name: str
    type: str
    describes: str


@dataclass(frozen=True)
class Table:
    """A landed table.

    Attributes:
        name: its name, without the prefix `landed_`.
        grain: what a row is.
        purpose: why it is there.
        day: the expression that gives a row's day, by which `ai-unit-economics land` divides its files.
    """

    name: str
    grain: str
    purpose: str
    columns: tuple[Column, ...]
    day: str = "null"

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def empty(self) -> Sql:
        """A query without rows that has the table's columns."""
        columns = joined(
            sql("cast(null as {type}) as {name}", type=sql(column.type), name=identifier(column.name))
            for column in self.columns
        )
        return sql("select {columns} where false", columns=columns)


def _columns(*rows: str) -> tuple[Column, ...]:
    """`name type: meaning` a row."""
    columns = []
    for row in rows:
        head, _, meaning = row.partition(": ")
        name, _, kind = head.partition(" ")
        columns.append(Column(name, kind, meaning.strip()))
    return tuple(columns)


FILE_COLUMNS = _columns(
    "source_file VARCHAR: [source_file]",
    "file_version VARCHAR: [file_version]",
    "source_row BIGINT: Position of the row in its file, from 1; null in the one row of a file that could not be read.",
    "problem VARCHAR: Why the row, or the whole file, could not be read; null where it could.",
)

FILES = Table(
    "files",
    "One row per file beneath the data root, and per member of a ZIP.",
    "The shape of each file, and whether it counts or why not. Every model that reads files uses it.",
    _columns(
        "source_file VARCHAR: [source_file]",
        "relative_path VARCHAR: Path beneath the data root.",
        "folder VARCHAR: Part of the contract, such as `focus` or `telemetry/requests`.",
        "source VARCHAR: [source]",
        "format VARCHAR: `parquet`, `csv`, `json_lines`, `json_document`, `text` or `zip`, by its content; else null.",
        "packing VARCHAR: `gzip`, `zstd`, `zip` for a member of one, or empty.",
        "encoding VARCHAR: Encoding of its text.",
        "delimiter VARCHAR: Separator of a CSV's cells.",
        "escape VARCHAR: Character before a quote within quotes in a CSV.",
        "has_header BOOLEAN: Whether the first row of a CSV has the names of its columns.",
        'columns STRUCT("name" VARCHAR, "type" VARCHAR)[]: Columns of a table, with the type that DuckDB reads.',
        "keys VARCHAR[]: Names of columns or of JSON keys, in lower case, and of folders such as `region=…/`.",
        "first_line VARCHAR: First line of a text of samples, without values of labels; 80 characters of a file "
        "without names of columns or keys; else empty.",
        "shape VARCHAR: Shape of the file; null where it is not read.",
        "problem VARCHAR: Why it is not read; null where it is.",
        "note VARCHAR: Anything unusual in reading it, such as a detected encoding.",
        "is_damaged BOOLEAN: Whether it has bytes that its encoding does not know; they are read as U+FFFD.",
        "not_current_because VARCHAR: Why a file does not count: of a bill `older_run`, `incomplete_run` or "
        "`not_in_manifest`; of any file `copy`, where another one is the same; null where it counts.",
        "stops BOOLEAN: Whether its problem stops the build: a bill of unknown cost.",
        "superseded_days DATE[]: Days of a bill's run that a newer run replaces.",
        "listed_row_count BIGINT: How many rows the manifest of its export says that it has; null where none says it.",
        "delivery VARCHAR: How its source delivers, as in `focus_sources`.",
        "run_scope VARCHAR: Scope and period of its export run; null without runs.",
        "run_at VARCHAR: Age of the run; the greatest text is the newest.",
        "checksum VARCHAR: SHA-256 of its unpacked content; null in an object store.",
        "container VARCHAR: The ZIP that it is a member of, or empty.",
        "size_bytes BIGINT: Packed size; for a member of a ZIP the size of the ZIP.",
        "modified_at TIMESTAMP: When it was written, UTC.",
        "head_problem VARCHAR: Problem of the file itself, independent of seeds.",
        "head_note VARCHAR: Anything unusual about the file itself.",
        "has_times_without_offset BOOLEAN: Whether times in it name no offset; they are read as UTC.",
        "file_version VARCHAR: [file_version]",
    ),
)


def _focus(name: str, dataset: str, grain: str, purpose: str, *more: Column) -> Table:
    given = tuple(
        Column(column, "VARCHAR", f"FOCUS column {column}, as the file has it, as text.")
        for column in DATASETS[dataset]
    )
    return Table(
        name,
        grain,
        purpose,
        (*FILE_COLUMNS, *more, *given),
        day="try_cast(left(ChargePeriodStart, 10) as date)" if "ChargePeriodStart" in DATASETS[dataset] else "null",
    )


FOCUS_CHARGES = _focus(
    "focus_charges",
    "CostAndUsage",
    "One row per row of a FOCUS Cost and Usage file that counts.",
    "Charges as text under FOCUS's names, from any version and format.",
    *_columns(
        "source VARCHAR: [source]",
        "columns_of VARCHAR: Provider that wrote the file, by columns that only it has (`aws`, `microsoft`, "
        "`google`, `oracle`); null for none or several.",
        "x_Credits VARCHAR: Google's credits beside the charge, as JSON.",
        "other_columns MAP(VARCHAR, VARCHAR): Columns of the file beyond FOCUS's that `cost_rules` or another seed "
        "names, by their names in lower case.",
    ),
)
FOCUS_CONTRACT_COMMITMENTS = _focus(
    "focus_contract_commitments",
    "ContractCommitment",
    "One row per row of a FOCUS Contract Commitment file (1.3 and newer).",
    "Contracted commitments, separate from the charges.",
    *_columns("source VARCHAR: [source]"),
)
FOCUS_BILLING_PERIODS = _focus(
    "focus_billing_periods",
    "BillingPeriod",
    "One row per row of a FOCUS Billing Period file (1.4 and newer).",
    "Whether the provider has closed a billing period.",
    *_columns("source VARCHAR: [source]"),
)
FOCUS_INVOICE_DETAILS = _focus(
    "focus_invoice_details",
    "InvoiceDetail",
    "One row per row of a FOCUS Invoice Detail file (1.4 and newer).",
    "Invoiced amounts, which are compared with the charges.",
    *_columns("source VARCHAR: [source]"),
)

PROMETHEUS_SERIES = Table(
    "prometheus_series",
    "One row per file, UTC day, metric and set of labels, as the file writes them; metrics that do not count have no "
    "labels.",
    "Content of a file of samples, from one pass over it, which also finds unreadable files.",
    (
        *_columns(
            "source_file VARCHAR: [source_file]",
            "file_version VARCHAR: [file_version]",
            "problem VARCHAR: Why the file could not be read; null where it could.",
            "name VARCHAR: The metric's name, one for all its spellings, such as `vllm_prompt_tokens`; null for "
            "rows without a sample.",
            "metric VARCHAR: The metric's name as written.",
            "labels MAP(VARCHAR, VARCHAR): The labels, where the file has them as columns, a map or nested JSON; "
            "null for a metric that is neither in `metric_catalog` nor looks like usage.",
            "labels_json VARCHAR: The labels, where the file has them as a text of JSON; null as above.",
            "has_personal_labels BOOLEAN: Whether something in the labels was hashed; null where nothing is hashed.",
            "date_day DATE: UTC day of the samples; null where their time cannot be read.",
            "samples BIGINT: How many there are, duplicates included.",
            "uncountable_samples BIGINT: How many are no counts: stale markers, NaN, infinite, negative or above 2^53.",
            "negative_samples BIGINT: How many are negative.",
            "unreadable_values BIGINT: How many have a text as their value that is no number.",
            "unread_time VARCHAR: A time among them that cannot be read, as the file has it.",
            "unread_value VARCHAR: A value among them that is no number, as the file has it.",
            "lowest_value DOUBLE: Lowest value that can be counted.",
            "highest_value DOUBLE: Highest value that can be counted.",
            "lowest_millisecond INTEGER: The lowest millisecond within a second of their times.",
            "highest_millisecond INTEGER: The highest.",
            "first_sampled_at TIMESTAMP: Time of the first sample, UTC.",
            "last_sampled_at TIMESTAMP: Time of the last sample, UTC.",
            "thinned STRUCT(sampled_at TIMESTAMP, scrapes INTEGER)[]: Of the samples that stand for several scrapes, "
            "when and for how many; null where each scrape has its own.",
        ),
    ),
    day="date_day",
)
PROMETHEUS_SAMPLES = Table(
    "prometheus_samples",
    "One row per sample of a file.",
    "Every accepted shape of samples as one. It is a view over the files: a day's samples are read when the day is "
    "counted.",
    _columns(
        "source_file VARCHAR: [source_file]",
        "metric VARCHAR: Name of the metric as written; null for rows without a sample.",
        "labels MAP(VARCHAR, VARCHAR): The labels, where the file has them as columns, a map or nested JSON.",
        "labels_json VARCHAR: The labels, where the file has them as a text of JSON.",
        "sampled_at TIMESTAMP: Time of the sample, UTC; null where it cannot be read.",
        "value DOUBLE: The value; null for a stale marker or text that is not a number.",
        "unread_time VARCHAR: The time as the file has it, where it cannot be read.",
        "unread_value VARCHAR: The value as the file has it, where it is text and no number.",
        "scrapes INTEGER: How many scrapes since the series' previous sample the row stands for; null: one.",
    ),
    day="cast(sampled_at as date)",
)
REQUESTS = Table(
    "requests",
    "One row per row of a file of requests.",
    "Who asked for what, as text, whichever gateway or server wrote it.",
    (
        *FILE_COLUMNS,
        *_columns(
            "shape VARCHAR: The shape of the file.",
            "request_key BIGINT: 63 bits of the MD5 of the request's id; null where it has none. Rows of one "
            "request have the same.",
            "deployment_id VARCHAR: The deployment, or the name that stands for it.",
            "customer_id VARCHAR: Customer who asked.",
            "user_id VARCHAR: Person who asked.",
            "session_id VARCHAR: Its conversation.",
            "run_id VARCHAR: Its agent's run.",
            "geography VARCHAR: Where it came from.",
            "status VARCHAR: How it ended.",
            "call_type VARCHAR: Kind of call, by the source.",
            "provider VARCHAR: Who served it, by the source.",
            "instrumentation_scope VARCHAR: The library that wrote the span.",
            "cache_hit VARCHAR: Whether the gateway answered from its own cache.",
            "input_tokens VARCHAR: Tokens of the prompt, by the source.",
            "cached_input_tokens VARCHAR: Tokens read from a cache.",
            "cache_write_tokens VARCHAR: Tokens written to a cache.",
            "output_tokens VARCHAR: Tokens generated.",
            "reasoning_tokens VARCHAR: Tokens of reasoning, a part of those generated, or beside them.",
            "total_tokens VARCHAR: All tokens, by the source.",
            "unread_tokens VARCHAR: Names of the row's columns, or the span's attributes, that hold a number of tokens "
            "and that `column_aliases` does not have.",
            "unread_operation VARCHAR: Of a span that has tokens and is no known call of a model, what it says it is; "
            "it has no time, and counts for nothing.",
            "requested_at TIMESTAMP: When it was made, UTC; null where that cannot be read.",
        ),
    ),
    day="cast(requested_at as date)",
)
PROVIDER_USAGE = Table(
    "provider_usage",
    "One row per bucket and group of a provider's report.",
    "Usage that a provider of hosted models metered, as text.",
    (
        *FILE_COLUMNS,
        *_columns(
            "shape VARCHAR: The shape of the file.",
            "provider VARCHAR: The provider, as OpenTelemetry names it.",
            "operation VARCHAR: What was called, such as `completions` or `embeddings`.",
            "model VARCHAR: The model.",
            "deployment_id VARCHAR: The provider's name of a deployment.",
            "project_id VARCHAR: The project.",
            "workspace_id VARCHAR: The workspace.",
            "api_key_id VARCHAR: The key that was used.",
            "user_id VARCHAR: The user, as the provider knows it.",
            "service_tier VARCHAR: The tier of service.",
            "region VARCHAR: The region.",
            "resource_id VARCHAR: The account, organisation or resource; different ones add up.",
            "other_dimensions VARCHAR: Other dimensions that distinguish groups.",
            "input_tokens VARCHAR: Tokens of prompts, cached ones included.",
            "uncached_input_tokens VARCHAR: Tokens of prompts that no cache had.",
            "cached_input_tokens VARCHAR: Tokens read from a cache.",
            "cache_write_tokens VARCHAR: Tokens written to a cache.",
            "output_tokens VARCHAR: Tokens generated.",
            "requests VARCHAR: Requests.",
            "unread_tokens VARCHAR: Names of a generic table's columns that hold a number of tokens and that "
            "column_aliases does not have.",
            "bucket_start TIMESTAMP: Beginning of the bucket, UTC; null where it cannot be read.",
            "bucket_end TIMESTAMP: End of the bucket, UTC, exclusive.",
        ),
    ),
    day="cast(bucket_start as date)",
)
TRAINING_PROGRESS = Table(
    "training_progress",
    "One row per logged step of a training run.",
    "Progress of training, as text.",
    (
        *FILE_COLUMNS,
        *_columns(
            "shape VARCHAR: The shape of the file.",
            "run_id VARCHAR: The run.",
            "attempt_id VARCHAR: The start of the program that logged it.",
            "deployment_id VARCHAR: The deployment whose cost the run is.",
            "step VARCHAR: Steps done since the run began.",
            "tokens_seen VARCHAR: Tokens seen since the run began.",
            "samples_seen VARCHAR: Samples seen since the run began.",
            "sequence_length VARCHAR: Tokens of a sample.",
            "unread_tokens VARCHAR: Name of a column or metric that looks like tokens, has a count, and is in no row "
            "of column_aliases.",
            "ts TIMESTAMP: When it was logged, UTC; null where that cannot be read.",
        ),
    ),
    day="cast(ts as date)",
)
PRODUCT_ACTIVITY = Table(
    "product_activity",
    "One row per row of a file of product activity.",
    "Who used the product, whether or not a model was asked.",
    (
        *FILE_COLUMNS,
        *_columns(
            "workload VARCHAR: The workload that was used.",
            "customer_id VARCHAR: The customer.",
            "user_id VARCHAR: The user.",
            "session_id VARCHAR: The session.",
            "ts TIMESTAMP: When, UTC; null where that cannot be read.",
        ),
    ),
    day="cast(ts as date)",
)
CUSTOMERS = Table(
    "customers",
    "One row per row of a file of customers.",
    "Tier and geography of customers over time, as text.",
    (
        *FILE_COLUMNS,
        *_columns(
            "customer_id VARCHAR: The customer.",
            "customer_tier VARCHAR: Its tier.",
            "geography VARCHAR: Its geography.",
            "valid_from VARCHAR: First day on which that holds.",
            "valid_to VARCHAR: First day after it.",
        ),
    ),
)

TABLES = (
    FILES,
    FOCUS_CHARGES,
    FOCUS_CONTRACT_COMMITMENTS,
    FOCUS_BILLING_PERIODS,
    FOCUS_INVOICE_DETAILS,
    PROMETHEUS_SERIES,
    PROMETHEUS_SAMPLES,
    REQUESTS,
    PROVIDER_USAGE,
    TRAINING_PROGRESS,
    PRODUCT_ACTIVITY,
    CUSTOMERS,
)
