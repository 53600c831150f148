"""Training progress of every shape, and the work that restarts repeat, counted by hand and by simulated runs."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "telemetry" / "training"
LOG_EVERY, CHECKPOINT_EVERY, TOKENS_A_STEP = 5, 20, 4096


def simulate(number: int) -> tuple[list[dict[str, object]], dict[str, int]]:
    """A trainer that dies and goes on from a checkpoint; what it did is counted as it does it, not from its log."""
    drawn = random.Random(number)
    run_id, target = f"simulated-{number}", drawn.randrange(100, 400, 5)
    now, done, saved, attempt, rows, executed = datetime(2026, 9, 1, 12), 0, 0, 1, [], 0
    survived: dict[int, int] = {}
    while done < target:
        now += timedelta(seconds=drawn.randrange(1, 900))
        done += 1
        executed += 1
        survived[done] = attempt
        if done % LOG_EVERY == 0:
            rows.append({"run_id": run_id, "ts": f"{now}Z", "step": done, "tokens_seen": done * TOKENS_A_STEP})
            rows[-1]["attempt_id"] = f"{attempt}"
            # It dies right after a log, so that everything that was done was logged.
            if done % CHECKPOINT_EVERY == 0:
                saved = done
            elif drawn.random() < 0.08:
                done = drawn.choice([saved, max(saved - CHECKPOINT_EVERY, 0)])
                attempt += 1
                now += timedelta(hours=drawn.randrange(1, 30))
    assert len(survived) == target
    return rows, {"executed": executed, "useful": target, "rework": executed - target}


@pytest.fixture(scope="module")
def simulated():
    return {f"simulated-{number}": simulate(number) for number in range(40)}


def with_silent_rows(number: int) -> tuple[list[dict[str, object]], dict[str, int]]:
    """The same, but each third row or so, and never the last, does not tell its tokens."""
    rows, truth = simulate(number)
    drawn = random.Random(number)
    silent = [None, "NaN", -1]
    rows = [
        row if row is rows[-1] or drawn.random() < 0.7 else row | {"tokens_seen": drawn.choice(silent)} for row in rows
    ]
    return [row | {"run_id": row["run_id"].replace("simulated", "silent")} for row in rows], truth


def log_of(run_id: str, *counts: tuple[int, int | None], attempts: list[int] | None = None) -> str:
    start = datetime(2026, 9, 1, 12)
    rows = [
        {"run_id": run_id, "ts": f"{start + timedelta(minutes=at)}Z", "step": step, "tokens_seen": tokens}
        for at, (step, tokens) in enumerate(counts)
    ]
    names = [f"a{attempt}" for attempt, length in enumerate(attempts or ()) for _ in range(length)]
    for row, name in zip(rows, names, strict=False):
        row["attempt_id"] = name
    return "\n".join(map(json.dumps, rows))


def history_with_evaluations() -> str:
    """Weights & Biases: 40 rows of 200 tokens each, and after each ten an evaluation, which is a row of its own."""
    lines, tokens = [], 0
    for step in range(1, 45):
        row: dict[str, object] = {"_step": step, "_timestamp": 1795478400 + 10 * step}
        if step % 11:
            tokens += 200
            row["train/num_input_tokens_seen"] = tokens
        else:
            row["eval/loss"] = 1.5
        lines.append(json.dumps(row))
    return "\n".join(lines)


def history(*rows: dict[str, object]) -> str:
    """Weights & Biases: a row a call that logs, ten seconds apart, on 24 November."""
    return "\n".join(json.dumps({"_step": at, "_timestamp": 1795478400 + 10 * at} | row) for at, row in enumerate(rows))


HISTORIES = {
    # ten steps a call, a call of an evaluation among them, which names no step
    "wandb-hf": history(
        *({"train/global_step": 10 * at, "train/num_input_tokens_seen": 1000 * at} for at in range(1, 6)),
        {"eval/loss": 1.5},
        *({"train/global_step": 10 * at, "train/num_input_tokens_seen": 1000 * at} for at in range(6, 11)),
    ),
    # a call of somebody else's before the first step: it is of the first
    "wandb-lightning": history({"note": 1}, *({"trainer/global_step": 50 * at} for at in range(11))),
    # three calls a step
    "wandb-verl": history(*({"training/global_step": 1 + at // 3} for at in range(30))),
    # the trainer's steps are the calls, and few rows name them: the last is step 9
    "wandb-plain": history(*({"global_step": at} if at % 4 == 0 else {"loss": 2} for at in range(10))),
    # two runs in one file, of which one names its steps
    "wandb-two": history(
        *({"run_id": "named", "train/global_step": 100 * at} for at in range(3)),
        *({"run_id": "unnamed", "_step": at} for at in range(4)),
    ),
}
# Tokens of each step under a name of tokens since the run began, and what a run of one step is not told apart from.
UNEVEN = [950, 1050, 990, 1020, 1010]
TOKENS_OF_STEPS = {
    "step-even": [(step, 1000) for step in range(1, 21)],
    "step-uneven": [(step, UNEVEN[step % 5]) for step in range(1, 21)],
    "step-growing": [(step, 1000 + step) for step in range(20)],
    "step-tenth": [(10 * step, UNEVEN[step % 5]) for step in range(1, 21)],
    "step-late": [(5000 + step, UNEVEN[step % 5]) for step in range(20)],
    # it went on from another run, whose million tokens it counts on
    "went-on": [(step, 1_000_000 + 1000 * step) for step in range(1, 21)],
}
# Tokens since the run began: evaluations without tokens after its end, two restarts, a pace that falls to a third.
TOKENS_OF_RUNS = {
    "run-evaluated": [(min(step, 10) + max(step - 10, 0), 1000 * min(step, 10)) for step in range(1, 120)],
    "run-restarted": [(step, 1000 * (1 + (step - 1) % 7)) for step in range(1, 21)],
    "run-slowing": [(step, 3000 * min(step, 5) + 1000 * max(step - 5, 0)) for step in range(1, 21)],
    "run-of-one": [(1, 1000)],
}
# MLflow watches the machine each second, by steps of its own, and twice as often as the loss is logged.
WATCHED = "key,value,timestamp,step,run_uuid\n" + "\n".join(
    f"{key},1,{1795478400000 + 1000 * at},{at if key.startswith('system') else 10 * at},{run}"
    for run, keys in (("watched", ("loss", "system/gpu_0_utilization_percentage")), ("machine", ("system/cpu",)))
    for key in keys
    for at in range(11 if key == "loss" else 25)
)


# Names of a program that counts the tokens of the run, or that say so themselves.
READ = (
    *("throughput/total_tokens", "throughput/total tokens", "time/token", "num_tokens_seen", "total_tokens_seen"),
    *("consumed_train_tokens", "train/tokens_seen", "cumulative_tokens", "tokens_so_far"),
)
# Names that one program gives to the tokens of the run, and another one to those of a step.
UNREAD = ("total_tokens", "tokens/total", "train/tokens/total", "tokens", "train/total_tokens", "tokens_processed")
UNREAD += ("train_tokens", "perf/total_num_tokens", "consumed-tokens", "tokens_seen_total")
# Names that count no tokens of training.
NO_TOKENS = ("train/tokens_per_second", "tokens/s", "mean_token_accuracy", "pad_token_id", "max_tokens", "tokenizer")
NO_TOKENS += ("eval/num_tokens", "throughput/tokens", "token_loss", "tps")


def run_with(name: str) -> str:
    return "run-" + name.replace("/", "_").replace(" ", "-")


def write_named_runs(warehouse) -> None:
    """A run of 20 steps and 1,000 tokens each for each name: as JSON, CSV, and metrics of MLflow."""
    start = 1795478400
    for name in (*READ, *UNREAD, *NO_TOKENS):
        run = run_with(name)
        at = [(start + 60 * step, step, 1000 * step) for step in range(21)]
        lines = [json.dumps({"run_id": f"j{run}", "ts": ts, "step": step, name: count}) for ts, step, count in at]
        warehouse.write(f"telemetry/training/named/j{run}.jsonl", "\n".join(lines))
        lines = [f"c{run},{ts},{step},{count}" for ts, step, count in at]
        warehouse.write(f"telemetry/training/named/c{run}.csv", "\n".join([f"run_id,ts,step,{name}", *lines]))
        lines = [f"{key},{count},{1000 * ts},{step},m{run}" for ts, step, count in at for key in ("loss", name)]
        warehouse.write(
            f"telemetry/training/named/m{run}.csv", "\n".join(["key,value,timestamp,step,run_uuid", *lines])
        )


@pytest.fixture(scope="module")
def warehouse(module_warehouse, simulated):
    for file in FIXTURES.iterdir():
        module_warehouse.copy(file, f"telemetry/training/{file.name}")
    # Two files a run, cut anywhere, and the lines in no order.
    lines = [json.dumps(row) for rows, _ in simulated.values() for row in rows]
    random.Random(7).shuffle(lines)
    module_warehouse.write("telemetry/training/simulated/1.jsonl", "\n".join(lines[: len(lines) // 3]))
    module_warehouse.write("telemetry/training/simulated/2.jsonl", "\n".join(lines[len(lines) // 3 - 20 :]))
    silent = [json.dumps(row) for number in range(40) for row in with_silent_rows(number)[0]]
    module_warehouse.write("telemetry/training/simulated/silent.jsonl", "\n".join(silent))
    first, second = [(step, 100 * step) for step in range(1, 9)], [(step, 100 * step) for step in range(6, 11)]
    module_warehouse.write("telemetry/training/gap.jsonl", log_of("gap", (1, 100), (2, 200), (3, None), *first[3:5]))
    module_warehouse.write("telemetry/training/resumed.jsonl", log_of("resumed", *first, (6, None), *second[1:]))
    module_warehouse.write(
        "telemetry/training/saved.jsonl", log_of("saved", *first[:4], (5, None), *first[5:], *second)
    )
    module_warehouse.write("telemetry/training/evaluated.jsonl", history_with_evaluations())
    # 1,000 tokens a step: the second start counts its own from 0, and logs first when it has more than the first had
    own = [(10 + step, 1000 * step) for step in range(15, 31)]
    module_warehouse.write(
        "telemetry/training/passed.jsonl",
        log_of("passed", *((step, 1000 * step) for step in range(11)), *own, attempts=[11, 16]),
    )
    for name, text in HISTORIES.items():
        module_warehouse.write(f"telemetry/training/{name}.jsonl", text)
    for name, counts in (TOKENS_OF_STEPS | TOKENS_OF_RUNS).items():
        module_warehouse.write(f"telemetry/training/{name}.jsonl", log_of(name, *counts))
    module_warehouse.write("telemetry/training/watched.csv", WATCHED)
    write_named_runs(module_warehouse)
    module_warehouse.build("+int_usage__training_steps_daily", "+int_quality__telemetry_files")
    return module_warehouse


def by_day(warehouse, run_id):
    return warehouse.query(f"""
        select day(date_day), deployment_id, executed_steps, useful_steps, rework_steps,
            executed_tokens, useful_tokens, rework_tokens
        from intermediate.int_usage__training_steps_daily where run_id = '{run_id}' order by 1
    """)


def test_restarts_from_checkpoints(warehouse):
    # a1 did 2 to 10; a2 went on from 6 and did 8 to 12; a3 went on from 10 and did 12 to 16. In vain: 8 and 10 of a1,
    # 12 of a2: 6 of 22 steps. a2's last two steps took from 23:50 to 00:30: 500 of 2000 tokens, and no whole step of 2,
    # fall before midnight.
    assert by_day(warehouse, "sft-1") == [
        (23, "sft-weekly", 14, 10, 4, 14500, 10000, 4500),
        (24, "sft-weekly", 8, 6, 2, 7500, 6000, 1500),
    ]


def test_megatron_counts_samples_times_sequence_length(warehouse):
    # Without attempts: the step falls from 30 to 20, so that it resumed after 10 (40 samples); 20 and 30 were done
    # twice, 160 samples; 280 samples are useful. The batch ramped up, and the last row's samples are unknown.
    assert by_day(warehouse, "pretrain") == [
        (24, "(unattributed)", 70, 50, 20, 440 * 4096, 280 * 4096, 160 * 4096),
    ]


def test_weights_and_biases(warehouse):
    # A history names no run: the file does. A number with an exponent is a count.
    assert by_day(warehouse, "wandb") == [(24, "(unattributed)", 4, 4, 0, 10000, 10000, 0)]


def test_weights_and_biases_counts_calls_and_the_trainer_steps(warehouse):
    assert by_day(warehouse, "wandb-hf") == [(24, "(unattributed)", 100, 100, 0, 10000, 10000, 0)]
    assert by_day(warehouse, "wandb-lightning") == [(24, "(unattributed)", 500, 500, 0, None, None, None)]
    assert by_day(warehouse, "wandb-verl") == [(24, "(unattributed)", 10, 10, 0, None, None, None)]
    assert by_day(warehouse, "wandb-plain") == [(24, "(unattributed)", 9, 9, 0, None, None, None)]
    assert by_day(warehouse, "named") == [(24, "(unattributed)", 200, 200, 0, None, None, None)]
    assert by_day(warehouse, "unnamed") == [(24, "(unattributed)", 3, 3, 0, None, None, None)]


def test_mlflows_metrics_of_the_machine_are_no_steps(warehouse):
    assert by_day(warehouse, "watched") == [(24, "(unattributed)", 100, 100, 0, None, None, None)]
    assert by_day(warehouse, "machine") == []


def test_mlflow(warehouse):
    # Three metrics a step are one step. A run that logs no tokens has steps alone.
    assert by_day(warehouse, "9f1c") == [(24, "(unattributed)", 300, 300, 0, 19200, 19200, 0)]
    assert by_day(warehouse, "77aa") == [(24, "(unattributed)", 20, 20, 0, None, None, None)]


def test_a_run_whose_beginning_is_not_in_the_data(warehouse):
    # It logs every 10 steps, so that step 5000 is no beginning: 20 steps are proved.
    assert by_day(warehouse, "long-run") == [(24, "(unattributed)", 20, 20, 0, 20000, 20000, 0)]


def test_simulated_runs(warehouse, simulated):
    counted = warehouse.query("""
        select run_id, sum(executed_steps), sum(useful_steps), sum(rework_steps),
            sum(executed_tokens), sum(useful_tokens)
        from intermediate.int_usage__training_steps_daily where run_id like 'simulated%' group by 1
    """)
    expected = [
        (
            run_id,
            truth["executed"],
            truth["useful"],
            truth["rework"],
            truth["executed"] * TOKENS_A_STEP,
            truth["useful"] * TOKENS_A_STEP,
        )
        for run_id, (_, truth) in simulated.items()
    ]
    assert sorted(counted) == sorted(expected)
    assert sum(truth["rework"] > 0 for _, truth in simulated.values()) > 20


def test_rows_that_do_not_tell_their_tokens(warehouse):
    assert by_day(warehouse, "gap") == [(1, "(unattributed)", 5, 5, 0, 500, 500, 0)]
    assert by_day(warehouse, "evaluated") == [(24, "(unattributed)", 44, 44, 0, 8000, 8000, 0)]
    # The second start's first row does not tell: 8 + 5 steps, of which 3 were in vain.
    assert by_day(warehouse, "resumed") == [(1, "(unattributed)", 13, 10, 3, 1300, 1000, 300)]
    # Step 5, from which it was resumed, does not tell; what is useful is known all the same. Each start's step 6 tells
    # 200 more than step 4 did: the 100 of step 5 were executed twice, for all that is known.
    assert by_day(warehouse, "saved") == [(1, "(unattributed)", 13, 10, 3, 1400, 1000, 400)]


def test_a_start_that_counts_its_own_tokens_and_passes_the_last_count(warehouse):
    assert by_day(warehouse, "passed") == [(1, "(unattributed)", 40, 40, 0, 40_000, 40_000, 0)]


def test_tokens_of_a_step_are_not_taken_for_those_of_the_run(warehouse):
    """1,000 tokens a step, logged as such, came to about 1,000 for the run; nobody knows the steps between two rows."""
    for name, counts in TOKENS_OF_STEPS.items():
        steps = counts[-1][0] - (5000 if name == "step-late" else 0)
        assert by_day(warehouse, name) == [(1, "(unattributed)", steps, steps, 0, None, None, None)], name
    # 7 + 7 + 6 of the restarted run's steps, 5 × 3,000 + 15 × 1,000 of the slowing one's
    tokens = {"run-evaluated": 10_000, "run-restarted": 20_000, "run-slowing": 30_000, "run-of-one": 1000}
    assert {name: by_day(warehouse, name)[0][5] for name in TOKENS_OF_RUNS} == tokens


def test_simulated_runs_whose_rows_do_not_all_tell_their_tokens(warehouse):
    counted = warehouse.query("""
        select run_id, sum(executed_steps), sum(useful_steps), sum(useful_tokens)
        from intermediate.int_usage__training_steps_daily where run_id like 'silent%' group by 1
    """)
    truths = {f"silent-{number}": with_silent_rows(number)[1] for number in range(40)}
    assert sorted(counted) == sorted(
        (run_id, truth["executed"], truth["useful"], truth["useful"] * TOKENS_A_STEP)
        for run_id, truth in truths.items()
    )


def test_what_could_not_be_read_is_named(warehouse):
    assert warehouse.query("""
        select parse_filename(source_file), issue, detail, affected_rows
        from intermediate.int_quality__telemetry_files
        where source_file not like '%/silent.jsonl' and source_file not like '%/named/%'
            and (issue, detail) != ('opening_unknown', 'step-late')
        order by all
    """) == [
        ("generic.jsonl", "unreadable_row", "a line is no JSON", 1),
        ("megatron.csv", "unusable_count", None, 1),
        ("middle.csv", "opening_unknown", "long-run", 1),
        *((f"{name}.jsonl", "tokens_not_cumulative", name, 20) for name in sorted(TOKENS_OF_STEPS)),
    ]


@pytest.mark.parametrize("shape", ["j", "c", "m"], ids=["JSON", "CSV", "MLflow"])
def test_names_of_tokens(warehouse, shape):
    """What surely counts the run's tokens is read; of what looks like it the column is named; other names are none."""
    tokens = dict(
        warehouse.query(f"""
            select run_id, sum(executed_tokens) from intermediate.int_usage__training_steps_daily
            where starts_with(run_id, '{shape}run-') group by all
        """)
    )
    assert tokens == {
        **{shape + run_with(name): 20_000 for name in READ},
        **{shape + run_with(name): None for name in (*UNREAD, *NO_TOKENS)},
    }
    issues = warehouse.query(f"""
        select regexp_replace(parse_filename(source_file), '\\.(jsonl|csv)$', ''), issue, split_part(detail, ':', 1)
        from intermediate.int_quality__telemetry_files where source_file like '%/named/{shape}run-%'
    """)
    assert sorted(issues) == sorted((shape + run_with(name), "unread_tokens", name) for name in UNREAD)


def test_public_mlperf_logs(warehouse, shared_data):
    """Evaluations of real runs, and their start: tokens are the last one's samples times the sequence length.

    Some evaluate late for the first time: without the row of their start, a beginning would seem to be missing.
    """
    source = shared_data / "mlperf_training" / "mllog_llm_events.parquet"
    warehouse.data.joinpath("telemetry/training/mlperf").mkdir()
    expected = warehouse.query(f"""
        with events as (
            select
                concat_ws('/', round, submitter, system, benchmark, run) as run_id,
                time_ms,
                key,
                try_cast(metadata ->> '$.samples_count' as bigint) as samples,
                try_cast(value as bigint) as number
            from '{source}' where benchmark like 'llama31%'
        ),
        lengths as (
            select run_id, max(number) as sequence_length from events where key = 'max_sequence_length' group by run_id
        ),
        evaluations as (
            select run_id, if(key = 'run_start', 0, samples) as samples, min(time_ms) as time_ms from events
            where key = 'run_start' or (key = 'eval_accuracy' and samples > 0) group by all
        )
        select run_id, sequence_length, list({{ts: time_ms, samples: samples}} order by samples) as logged
        from evaluations inner join lengths using (run_id) where sequence_length is not null group by all
    """)
    expected = [run for run in expected if len(run[2]) > 1]
    assert len(expected) > 400
    lines = [
        json.dumps(
            {
                "run_id": run_id,
                "ts": row["ts"],
                "step": row["samples"],
                "samples_seen": row["samples"],
                "sequence_length": length,
            }
        )
        for run_id, length, logged in expected
        for row in logged
    ]
    warehouse.write("telemetry/training/mlperf/evaluations.jsonl", "\n".join(lines))
    warehouse.build("+int_usage__training_steps_daily")
    counted = dict(
        warehouse.query("""
            select run_id, sum(executed_tokens) from intermediate.int_usage__training_steps_daily
            where run_id like 'v%/%' group by 1
        """)
    )
    assert counted == {run_id: logged[-1]["samples"] * length for run_id, length, logged in expected}
