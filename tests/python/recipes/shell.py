"""A shell in which the blocks of a page run as they are written: programs that need an account are stood in for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.python.recipes.pages import PROJECT

# These run for real.
TOOLS = ("bash", "cat", "cp", "date", "dirname", "env", "grep", "mkdir")
# These need an account, a cluster, another environment or minutes, and are stood in for; why is said once.
STOOD_IN_FOR = {
    "an account": ("aws", "az", "azcopy", "bq", "gcloud", "oci", "snow", "dbsqlcli", "psql", "curl"),
    "a cluster, a server or a model": ("helm", "vllm", "promtool", "airflow", "open"),
    "minutes; its words are checked, and walks run it": ("make", "dbt", "ai-unit-economics", "python"),
    "an installation": ("pip", ".venv/bin/python", ".venv-metricflow/bin/mf"),
}


@dataclass(frozen=True)
class Call:
    """How a program was called."""

    words: tuple[str, ...]
    stdin: str
    folder: Path


@dataclass
class Shell:
    """A folder, an environment and programs. Variables that one block exports, the next one has."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    output: str = ""

    def __post_init__(self) -> None:
        self.programs = self.folder / "programs"
        self.checkout = self.folder / "checkout"
        self.home = self.folder / "home"
        for path in (self.programs, self.checkout / ".venv" / "bin", self.home):
            path.mkdir(parents=True)
        (self.checkout / ".venv" / "bin" / "activate").touch()
        stand_in = self.programs / ".stand_in"
        source = (Path(__file__).parent / "stand_in.py").read_text(encoding="utf-8")
        stand_in.write_text(f"#!{sys.executable} -SE\n{source}", encoding="utf-8")
        stand_in.chmod(0o755)
        for name in TOOLS:
            (self.programs / name).symlink_to(shutil.which(name))
        for name in (program for programs in STOOD_IN_FOR.values() for program in programs):
            path = self.checkout / name if "/" in name else self.programs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # a program in a folder of its own finds what stands beside the stand-in
            if "/" in name:
                path.write_text(f'#!/bin/bash\nexec "{self.programs}/{path.name}" "$@"\n', encoding="utf-8")
                path.chmod(0o755)
            link = self.programs / path.name
            if not link.exists():
                link.symlink_to(stand_in)
        (self.checkout / "dbt_packages").mkdir()
        (self.checkout / "dbt_packages" / "ai_unit_economics").symlink_to(PROJECT)
        self.answer([])

    @property
    def data(self) -> Path:
        return self.home / "exports"

    @property
    def seeds(self) -> Path:
        return self.home / "unit-economics-seeds"

    def answer(self, answers: Sequence[dict[str, Any]]) -> None:
        """What programs say and which files they bring; the first answer whose words are all in the call."""
        (self.programs / ".answers").write_text(json.dumps(list(answers)), encoding="utf-8")

    def really(self, name: str, *command: str) -> None:
        """From now on this program is no stand-in: Python, or a command that runs with the project's."""
        path = self.checkout / name if "/" in name else self.programs / name
        path.unlink()
        words = " ".join(f"'{word}'" for word in (command or (sys.executable,)))
        path.write_text(f'#!{shutil.which("bash")}\nexec {words} "$@"\n', encoding="utf-8")
        path.chmod(0o755)

    def run(self, *texts: str) -> None:
        """Runs blocks one after the other, as one session; the first command that fails stops it."""
        script = "\n".join(["set -eu", *texts])
        environment = {"HOME": str(self.home), "PATH": str(self.programs), "LC_ALL": "C.UTF-8", **self.environment}
        result = subprocess.run(
            ["bash", "-c", script],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
            executable=shutil.which("bash"),
        )
        self.output = result.stdout
        assert result.returncode == 0, f"exit code {result.returncode}\n{result.stderr}\n{script}"

    def calls(self, program: str = "") -> list[Call]:
        log = self.programs / ".calls"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        found = [json.loads(line) for line in lines]
        calls = [Call(tuple(call["words"]), call["stdin"], Path(call["folder"])) for call in found]
        return [call for call in calls if not program or call.words[0] == program]
