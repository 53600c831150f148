"""A Spark cluster on loopback: a master, two workers and a Thrift server, all from PySpark's wheel and Java.

    with running_cluster(Path(".venv-spark"), Path("data/test/spark")) as cluster:
        ...  # cluster.master for spark-submit, cluster.thrift_port for dbt and BI tools

Ports are free ones, and each process proves itself to the others by a secret of this cluster alone. The Thrift server
asks nobody for a password, as Spark's does by default: it listens on loopback only. Whatever happens in the block, and
if this program is told to end (SIGTERM), all processes are stopped, those of the executors too.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ai_unit_economics.writing import write

LOOPBACK = "127.0.0.1"
WORKERS = 2
SECONDS_TO_START = 180
SECONDS_TO_STOP = 20
MASTER_IS_UP = re.compile(r"Starting Spark master at (spark://\S+)")
WORKER_IS_UP = re.compile(r"Successfully registered with master (spark://\S+)")
THRIFT_IS_UP = re.compile(r"ThriftBinaryCLIService on port (\d+)")
# Small data: the compiler that starts at once, with room for a whole build, and one thread that collects garbage
FOR_SMALL_DATA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
# The first four are those that numbers depend on (docs/spark.md), as a user would set them on a cluster
SETTINGS = """\
spark.sql.ansi.enabled true
spark.sql.session.timeZone UTC
spark.sql.decimalOperations.allowPrecisionLoss false
spark.sql.parser.escapedStringLiterals true
spark.driver.memory {memory}
spark.driver.extraJavaOptions {java} -Duser.timezone=UTC -Dderby.system.home={folder}
spark.executor.extraJavaOptions {java} -Duser.timezone=UTC
spark.sql.warehouse.dir {folder}/warehouse
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={folder}/metastore;create=true
spark.sql.shuffle.partitions 2
spark.sql.parquet.inferTimestampNTZ.enabled false
spark.ui.enabled false
spark.ui.showConsoleProgress false
"""
OF_CLUSTER = """\
spark.authenticate true
spark.authenticate.secret {secret}
spark.executor.memory {memory}
spark.executor.cores 1
"""


@dataclass(frozen=True)
class Cluster:
    """Where the master and the Thrift server listen."""

    master: str
    thrift_port: int

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which dbt's profile finds the Thrift server."""
        return {
            "UNIT_ECONOMICS_SPARK_METHOD": "thrift",
            "UNIT_ECONOMICS_SPARK_HOST": LOOPBACK,
            "UNIT_ECONOMICS_SPARK_PORT": str(self.thrift_port),
        }


class ClusterError(Exception):
    """A process did not start; the text has the end of its log."""


def write_settings(folder: Path, memory: str, more: str = "", java: str = FOR_SMALL_DATA) -> dict[str, str]:
    """Writes spark-defaults.conf for processes whose tables are in `folder`; returns the environment that reads it."""
    configuration = folder / "conf"
    configuration.mkdir(parents=True, exist_ok=True)
    settings = SETTINGS.format(folder=folder, memory=memory, java=java) + more
    write(configuration / "spark-defaults.conf", settings, mode=0o600)
    return {"SPARK_CONF_DIR": str(configuration), "SPARK_LOCAL_IP": LOOPBACK}


def spark_home(environment: Path) -> Path:
    """PySpark's folder in an environment, which holds all of Spark."""
    for home in sorted((environment / "lib").glob("python3*/site-packages/pyspark")):
        return home.resolve()
    raise ClusterError(f"{environment} has no PySpark: install requirements-spark.lock there")


@dataclass(frozen=True)
class Running:
    """A process and the file that its output goes to."""

    process: subprocess.Popen
    log: Path

    def says(self, is_up: re.Pattern[str], patience: float = SECONDS_TO_START) -> str:
        """Waits for a line of the log that says that the process is up; returns the pattern's group."""
        until = time.monotonic() + patience
        while True:
            # whether it has ended is asked first: what it wrote last is then read
            status = self.process.poll()
            text = self.log.read_text(encoding="utf-8", errors="replace")
            if found := is_up.search(text):
                return found[1]
            if status is not None:
                raise ClusterError(f"the process ended with {status} before it was up: {self.log}\n{text[-2000:]}")
            if time.monotonic() > until:
                raise ClusterError(f"not up after {patience:.0f} seconds: {self.log}\n{text[-2000:]}")
            time.sleep(0.2)


@contextmanager
def started(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[Running]:
    """Runs a process, and what that starts, for the block."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        yield Running(process, log)
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    """Asks the process and its children to end, ends by force what is left after a while, and waits for all."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + SECONDS_TO_STOP
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            while time.monotonic() < until:
                process.poll()
                os.killpg(process.pid, 0)  # an error where none of them is left
                time.sleep(0.05)
    process.wait()


@contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM ends this program as an error does, so that what it started is stopped."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def running_cluster(
    environment: Path, folder: Path, memory: str = "1g", settings: str = "", java: str = FOR_SMALL_DATA
) -> Iterator[Cluster]:
    """A master, two workers of one core and `memory` each, and a Thrift server whose tables are in `folder`.

    Args:
        settings: further lines of spark-defaults.conf.
        java: options of the virtual machines that work on data.
    """
    folder = folder.resolve()
    home = spark_home(environment)
    of_cluster = OF_CLUSTER.format(secret=secrets.token_hex(32), memory=memory)
    written = write_settings(folder, memory, of_cluster + settings, java)
    variables = {**os.environ, **written, "SPARK_HOME": str(home), "SPARK_WORKER_DIR": str(folder / "work")}
    daemon = {**variables, "SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": FOR_SMALL_DATA}
    listening = ["--host", LOOPBACK, "--port", "0", "--webui-port", "0"]
    with ended_in_order(), ExitStack() as processes:

        def start(name: str, environment: Mapping[str, str], *command: str) -> Running:
            log = folder / "logs" / f"{name}.log"
            return processes.enter_context(started([str(home / "bin" / "spark-class"), *command], log, environment))

        master = start("master", daemon, "org.apache.spark.deploy.master.Master", *listening).says(MASTER_IS_UP)
        worker = ["org.apache.spark.deploy.worker.Worker", *listening, "--cores", "1", "--memory", memory, master]
        workers = [start(f"worker-{number}", daemon, *worker) for number in range(1, WORKERS + 1)]
        thrift = start(
            "thrift",
            variables,
            *("org.apache.spark.deploy.SparkSubmit", "--master", master),
            *("--conf", f"spark.hadoop.hive.server2.thrift.bind.host={LOOPBACK}"),
            *("--conf", "spark.hadoop.hive.server2.thrift.port=0"),
            *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal"),
        )
        for one in workers:
            one.says(WORKER_IS_UP)
        yield Cluster(master, int(thrift.says(THRIFT_IS_UP)))
