"""Progress of training: a table of steps, or the metrics of MLflow."""

from __future__ import annotations

from ai_unit_economics.landing import named_columns, tables
from ai_unit_economics.landing.named_columns import Unread
from ai_unit_economics.landing.shapes import Reading, Shape, has_keys
from ai_unit_economics.sql import Sql, sql

FOLDER = "telemetry/training"
TEXTS = ("run_id", "attempt_id", "deployment_id", "step", "tokens_seen", "samples_seen", "sequence_length")
MLFLOW = ("key", "value", "step", "run_uuid", "run_id")
# Weights & Biases' own count, of calls that log: a trainer may log every tenth step, or five times a step.
LOG_CALL = "_step"
# A name that counts tokens of something: of the run, of a step, or of a batch. Rates, shares, lengths and ids do not.
LOOKS_LIKE_TOKENS = r"tokens?([^a-z]|$)"
LOOKS_LIKE_NO_TOKENS = (
    r"(^|[^a-z])(per|s|ms|secs?|seconds?|time|tps|speed|throughput|rate|ratio|frac(tion)?|pct|percent|max|min|mean|avg|"
    r"average|median|std|len|length|acc|accuracy|loss|entropy|ppl|ids?|eval|valid(ation)?|test)([^a-z]|$)"
)


def steps(reading: Reading) -> Sql:
    """A row a logged step."""
    aliases = reading.catalogues.aliases
    return named_columns.rows(reading, lambda column: aliases("training", column), TEXTS, ["ts"], _unread(reading))


def _unread(reading: Reading) -> Unread:
    """Names that look like tokens and that nobody reads."""
    return Unread(reading.catalogues.aliases("training", "tokens_seen"), LOOKS_LIKE_TOKENS, LOOKS_LIKE_NO_TOKENS)


def wandb(reading: Reading) -> Sql:
    """A row a logged step. Where a run names its steps, a row that does not is of the step that was named last.

    Where the named steps are the calls that log, one more or one less, each row's call says its step.
    """

    def aliases(column: str) -> list[str]:
        if column == "log_call":
            return [LOG_CALL]
        return [alias for alias in reading.catalogues.aliases("training", column) if alias != LOG_CALL]

    return sql(
        """(
            with logged as (
                select
                    *,
                    try_cast(step as double) - try_cast(log_call as double) as ahead,
                    try_cast(log_call as double) as place
                from (
                    select null as run_id, cast(null as varchar) as step, null as log_call where false
                    union all by name
                    select * from {rows}
                )
            )

            select
                * exclude (log_call, ahead, place) replace (
                    coalesce(
                        step,
                        case when max(abs(ahead)) over run <= 1 then cast(place + min(ahead) over run as varchar) end,
                        last(step ignore nulls) over before,
                        first(step ignore nulls) over after,
                        log_call
                    ) as step
                )
            from logged
            window
                run as (partition by source_file, run_id),
                before as (partition by source_file, run_id order by place rows unbounded preceding),
                after as (
                    partition by source_file, run_id order by place
                    rows between current row and unbounded following
                )
        )""",
        rows=named_columns.rows(reading, aliases, (*TEXTS, "log_call"), ["ts"], _unread(reading)),
    )


def mlflow(reading: Reading) -> Sql:
    """A step is logged once a metric. Of a run one metric counts: of tokens, else of samples, else the commonest.

    MLflow's own metrics of the machine, `system/…`, have steps that count nothing but themselves.
    """
    names = [
        {"column": column, "metric": metric, "priority": priority}
        for column in ("tokens_seen", "samples_seen")
        for priority, metric in enumerate(reading.catalogues.aliases("training", column))
    ]
    return sql(
        """(
            with metrics as (
                select *, coalesce(run_uuid, run_id) as run
                from (
                    select null as run_uuid, null as run_id, null as key, null as value, null as step where false
                    union all by name
                    select * from {rows}
                )
                where key is null or not starts_with(key, 'system/')
            ),

            named as (
                select
                    metrics.*,
                    names."column" as column_name,
                    names.priority,
                    min(case when {is_unread} then metrics.key end) over (
                        partition by metrics.source_file, metrics.run
                    ) as unread_tokens,
                    count(*) over (partition by metrics.source_file, metrics.run, metrics.key) as key_rows
                from metrics
                left join (select unnest({names}, recursive := true)) as names on metrics.key = names.metric
            )

            select
                source_file,
                source_row,
                run as run_id,
                step,
                case when column_name = 'tokens_seen' then value end as tokens_seen,
                case when column_name = 'samples_seen' then value end as samples_seen,
                unread_tokens,
                ts,
                problem
            from named
            qualify
                run is null
                or dense_rank() over (
                    partition by source_file, run
                    order by
                        case column_name when 'tokens_seen' then 0 when 'samples_seen' then 1 else 2 end,
                        priority,
                        key_rows desc,
                        key
                ) = 1
        )""",
        rows=named_columns.rows(reading, lambda column: ["timestamp"] if column == "ts" else [column], MLFLOW, ["ts"]),
        names=names,
        is_unread=_unread(reading).matches(sql("metrics.key"), sql("metrics.value")),
    )


def _shape(name: str, title: str, remarks: str, keys: tuple[str, ...], rows) -> Shape:
    return Shape(name, FOLDER, tables.TRAINING_PROGRESS, title, remarks, has_keys(*keys), rows)


SHAPES = (
    _shape(
        "mlflow",
        "MLflow's table of metrics",
        "`key, value, timestamp, step, run_uuid`. One metric a run: tokens, else samples, else the most frequent.",
        ("key", "value", "timestamp", "step", "run_uuid|run_id"),
        mlflow,
    ),
    _shape(
        "wandb",
        "Weights & Biases, the history of a run",
        "`_step, _timestamp` and a key of tokens. The run is `run_id`, a folder `run_id=…/`, or the file's name. A key "
        "such as `train/global_step` is the step, and `_step` only where a run has none.",
        ("_step", "_timestamp"),
        wandb,
    ),
    _shape(
        "megatron",
        "Megatron-LM, a table of its log",
        "Time, `iteration`, `consumed_samples`, `seq_length`. Tokens are samples × sequence length.",
        ("ts|timestamp|time", "iteration", "consumed_samples|consumed_train_samples"),
        steps,
    ),
    _shape(
        "generic",
        "Generic table",
        "`run_id, ts, step`, and `tokens_seen`, or `samples_seen` with `sequence_length`, counted since the run "
        "began; optional `attempt_id`, `deployment_id`.",
        ("run_id", "ts|timestamp|time", "step|global_step"),
        steps,
    ),
)
