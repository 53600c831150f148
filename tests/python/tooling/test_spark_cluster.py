"""The cluster's processes are waited for, and none is left, whatever happens. Spark is a stand-in in Bash here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.spark_cluster import ClusterError, running_cluster, spark_home, started
from tools.spark_marts import ROOT

# Says what Spark's processes say; each has a child, as a worker has its executors.
SPARK_CLASS = """\
#!/bin/bash
echo "$@" >> "$SPARK_CONF_DIR/commands"
sleep 600 &
echo "$$ $!" >> "$SPARK_CONF_DIR/processes"
case "$1" in
    *Master) echo "INFO Master: Starting Spark master at spark://127.0.0.1:7001" ;;
    *Worker) echo "INFO Worker: Successfully registered with master spark://127.0.0.1:7001" ;;
    *SparkSubmit) [ -z "$BROKEN" ] || { echo "no room"; exit 3; }
        echo "INFO ThriftCLIService: Starting ThriftBinaryCLIService on port 7002 with 5...500 worker threads" ;;
esac
wait
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    script = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "pyspark" / "bin" / "spark-class"
    script.parent.mkdir(parents=True)
    script.write_text(SPARK_CLASS)
    script.chmod(0o755)
    return tmp_path / "venv"


def processes(folder: Path) -> list[int]:
    return [int(number) for number in (folder / "conf" / "processes").read_text().split()]


def is_running(number: int) -> bool:
    """A process that has ended and that nobody has asked for yet is a zombie."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_cluster_has_a_master_two_workers_and_a_thrift_server(environment: Path, tmp_path: Path) -> None:
    folder = tmp_path / "spark"
    with running_cluster(environment, folder) as cluster:
        assert (cluster.master, cluster.thrift_port) == ("spark://127.0.0.1:7001", 7002)
        assert len(processes(folder)) == 8
        assert all(map(is_running, processes(folder)))
    assert not any(map(is_running, processes(folder)))
    commands = (folder / "conf" / "commands").read_text().splitlines()
    assert sum("deploy.worker.Worker" in command for command in commands) == 2
    assert all("127.0.0.1" in command for command in commands)


def test_settings_that_numbers_depend_on_are_those_of_the_first_hook(environment: Path, tmp_path: Path) -> None:
    with running_cluster(environment, tmp_path / "spark"):
        pass
    settings = dict(
        line.split(" ", 1) for line in (tmp_path / "spark" / "conf" / "spark-defaults.conf").read_text().splitlines()
    )
    hook = (ROOT / "macros" / "engines" / "spark_tables.sql").read_text()
    asked = dict(re.findall(r"'(spark\.sql[\w.]+)': '(\w+)'", hook))
    assert len(asked) == 4
    assert asked.items() <= settings.items()


def test_other_users_cannot_read_the_secret(environment: Path, tmp_path: Path) -> None:
    with running_cluster(environment, tmp_path / "spark"):
        file = tmp_path / "spark" / "conf" / "spark-defaults.conf"
        assert file.stat().st_mode & 0o077 == 0
        assert "spark.authenticate.secret" in file.read_text()


def test_nothing_is_left_after_an_error_in_the_block(environment: Path, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), running_cluster(environment, tmp_path / "spark"):
        raise ZeroDivisionError
    assert not any(map(is_running, processes(tmp_path / "spark")))


def test_nothing_is_left_where_the_last_one_does_not_start(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")
    with (
        pytest.raises(ClusterError, match=r"(?s)ended with 3.*thrift.log.*no room"),
        running_cluster(environment, tmp_path / "spark"),
    ):
        pytest.fail("the cluster is not up")
    assert not any(map(is_running, processes(tmp_path / "spark")))


def test_nothing_is_left_where_the_program_is_told_to_end(environment: Path, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from tools.spark_cluster import running_cluster\n"
        "with running_cluster(Path(sys.argv[1]), Path(sys.argv[2])): print('up', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(environment), str(tmp_path / "spark")]
    variables = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as running:
        assert running.stdout.readline() == "up\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 128 + signal.SIGTERM
    assert not any(map(is_running, processes(tmp_path / "spark")))


def test_a_process_that_says_nothing_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    begun = time.monotonic()
    with (
        pytest.raises(ClusterError, match="not up after 1 seconds"),
        started(["sleep", "600"], tmp_path / "log", os.environ) as process,
    ):
        process.says(re.compile("(up)"), patience=1)
    assert time.monotonic() - begun < 60


def test_a_process_that_does_not_heed_is_ended_by_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.spark_cluster.SECONDS_TO_STOP", 0.5)
    with started(
        ["bash", "-c", "trap '' TERM; echo up; while true; do sleep 1; done"], tmp_path / "log", os.environ
    ) as one:
        one.says(re.compile("(up)"), patience=60)
    assert one.process.returncode == -signal.SIGKILL


def test_an_environment_without_spark_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=re.escape(str(tmp_path)) + ".*requirements-spark.lock"):
        spark_home(tmp_path)
