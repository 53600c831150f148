"""docs/first-hour.md from an empty folder: what it writes, and what the doctor says to five mistakes before a build."""

from __future__ import annotations

import re
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main

PROJECT = Path(__file__).resolve().parents[3]
PAGE = (PROJECT / "docs" / "first-hour.md").read_text(encoding="utf-8")
FILES, COMMAND = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
(SAID,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
MENDED = {
    "seeds/deployments.csv": lambda text: text.replace(";", ",") + "search,search,production,inference,2026-07-01\n",
    "seeds/cost_rules.csv": lambda text: text.replace("rgex", "regex"),
    # a day later, in UTC: 22:00 of a summer's day in Berlin is midnight there
    "exports/focus/acme/july.csv": lambda text: re.sub(
        r"([\d-]+) 22:00", lambda found: str(date.fromisoformat(found[1]) + timedelta(days=1)), text
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["bash", "-euc", FILES], check=True)
    return tmp_path


def doctor() -> tuple[int, str]:
    name, *arguments = COMMAND.split()
    assert name == "ai-unit-economics"
    result = CliRunner().invoke(main, [*arguments, "--project", str(PROJECT), "--database", "none.duckdb"])
    return result.exit_code, "\n".join(line.rstrip() for line in result.output.splitlines())


def test_five_mistakes_are_named_in_plain_words_before_anything_is_built(folder: Path) -> None:
    exit_code, output = doctor()
    assert exit_code == 1
    assert SAID in output
    assert not (folder / "none.duckdb").exists()


def test_without_them_nothing_is_left_to_say(folder: Path) -> None:
    for path, mend in MENDED.items():
        (folder / path).write_text(mend((folder / path).read_text()), encoding="utf-8")
    (folder / "exports/prometheus").rename(folder / "exports/telemetry/prometheus")
    exit_code, output = doctor()
    assert exit_code == 0, output
    for heading in ("This stops the build", "This is not read", "This is read, and may be meant otherwise"):
        assert heading not in output
