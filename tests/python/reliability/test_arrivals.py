"""Any sequence of arrivals, losses, restatements and edits, with kills between, makes the tables of one fresh build.

The whole project on a short sample: minutes a step. ARRIVALS=10 takes more steps, ARRIVALS_SEED others.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.python.conftest import CONFIG_SEEDS, PROJECT
from tests.python.reliability.conftest import rows_of_tables

STEPS = int(os.environ.get("ARRIVALS", "4"))
SEED = int(os.environ.get("ARRIVALS_SEED", "19"))
DAYS = 10
# What a build says of itself, and forecasts, which are kept as they were made
OF_THE_BUILD = {"fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness"}
OF_THE_DAY = {"int_forecasting__published_forecasts", "fct_forecast_accuracy"}


class Fleet:
    """Two samples of the same days: what lies in the data root is of the one or of the other."""

    def __init__(self, folder: Path, drawn: random.Random) -> None:
        self.folder, self.drawn = folder, drawn
        self.data, self.seeds = folder / "data", folder / "seeds"
        self.samples = [self._sample(7), self._sample(8)]
        self.files = sorted(path.relative_to(self.samples[0]) for path in self.samples[0].rglob("*") if path.is_file())
        shutil.copytree(CONFIG_SEEDS, self.seeds, ignore=shutil.ignore_patterns("*.yml", "*.md"))
        # A manifest names the files of its export: bills come and go as a whole
        self.bills = [file for file in self.files if file.parts[0] != "telemetry"]
        self.telemetry = [file for file in self.files if file.parts[0] == "telemetry"]
        self.put(self.bills, 0)
        self.put(drawn.sample(self.telemetry, len(self.telemetry) // 2), 0)

    def _sample(self, seed: int) -> Path:
        out = self.folder / f"sample_{seed}"
        command = [sys.executable, "-m", "ai_unit_economics.cli", "sample", "--quiet", "--out", str(out)]
        subprocess.run([*command, "--days", str(DAYS), "--scale", "0.1", "--seed", str(seed)], check=True)
        return out

    def put(self, files: list[Path], sample: int) -> None:
        for file in files:
            (self.data / file).parent.mkdir(parents=True, exist_ok=True)
            if (self.samples[sample] / file).exists():
                shutil.copy(self.samples[sample] / file, self.data / file)

    def deliver(self) -> None:
        missing = [file for file in self.telemetry if not (self.data / file).exists()]
        self.put(self.drawn.sample(missing, min(len(missing), self.drawn.randint(1, 12))), 0)

    def lose(self) -> None:
        there = [file for file in self.telemetry if (self.data / file).exists()]
        for file in self.drawn.sample(there, min(len(there), 4)):
            (self.data / file).unlink()

    def restate_telemetry(self) -> None:
        there = [file for file in self.telemetry if (self.data / file).exists()]
        self.put(self.drawn.sample(there, 4), 1)

    def restate_bills(self) -> None:
        self.put(self.bills, self.drawn.randint(0, 1))

    def edit_a_seed(self) -> None:
        """A row of a seed goes, or comes back."""
        name = self.drawn.choice(["shared_pool_weights.csv", "targets.csv", "cost_owners.csv", "budgets.csv"])
        rows = list(csv.reader((CONFIG_SEEDS / name).read_text().splitlines()))
        if len(rows) > 2 and self.drawn.random() < 0.7:
            rows.pop(self.drawn.randrange(1, len(rows)))
        with (self.seeds / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)

    def build(self, database: str, seconds: float | None = None) -> float:
        """Builds everything; killed after some seconds, if they are given. How long it took."""
        began = time.monotonic()
        environment = {
            **os.environ,
            "UNIT_ECONOMICS_DATA": str(self.data),
            "UNIT_ECONOMICS_SEEDS": str(self.seeds),
            "UNIT_ECONOMICS_BOOKS": "",
            "UNIT_ECONOMICS_DATABASE": str(self.folder / database / "warehouse.duckdb"),
            "UNIT_ECONOMICS_PRIVACY_SALT": "one for both databases",
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_USE_FAST_TEST_EDGES": "true",
            "DO_NOT_TRACK": "1",
        }
        (self.folder / database).mkdir(exist_ok=True)
        options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT / "profiles"), "--no-use-colors"]
        options += ["--log-path", str(self.folder / "logs")]
        # no data tests: half of a fleet's files make some of them fail, and rightly
        for command in ("seed", "run"):
            process = subprocess.Popen(
                [sys.executable, "-m", "dbt.cli.main", command, *options],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            try:
                output, _ = process.communicate(timeout=seconds if command == "run" else None)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                break
            assert process.returncode == 0, output[-3000:]
        return time.monotonic() - began

    def tables(self, database: str) -> dict[str, tuple[int, int]]:
        return rows_of_tables(self.folder / database / "warehouse.duckdb", ["builds"], OF_THE_BUILD | OF_THE_DAY)


@pytest.mark.slow
def test_any_sequence_makes_the_tables_of_a_fresh_build(tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    fleet = Fleet(tmp_path, drawn)
    steps: list[Callable[[], None]] = [
        *(fleet.deliver, fleet.lose, fleet.restate_telemetry, fleet.restate_bills, fleet.edit_a_seed),
    ]
    first = fleet.build("increments")
    for _ in range(STEPS):
        for step in drawn.sample(steps, drawn.randint(1, 2)):
            step()
            print(step.__name__)
        if drawn.random() < 0.3:
            fleet.build("increments", drawn.uniform(0.2, 0.8) * first)
        print(round(fleet.build("increments")), "s of", round(first))
    fleet.build("fresh")
    increments, fresh = fleet.tables("increments"), fleet.tables("fresh")
    assert {name: (increments.get(name), rows) for name, rows in fresh.items() if increments.get(name) != rows} == {}
    assert increments.keys() == fresh.keys()
