"""A whole small build that several files of tests look at, and disks that are small enough to be full."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from ai_unit_economics.cli import main
from ai_unit_economics.landing.privacy import SALT, privacy_of
from tests.python.conftest import CONFIG_SEEDS, PROJECT, Warehouse

# The least that docs/configuration.md promises for the small sample of `make test-build`
MINIMUM = "200MB"
SAMPLE = ["--days", "35", "--scale", "0.1", "--quiet"]
TREATMENTS = {
    **dict.fromkeys(("user_id", "session_id", "customer_id", "email"), "hash"),
    "resource_name": "drop",
    "account_name": "keep",
}
# Who stands in no output: two customers with names, and those of the sample, cus-0000 to cus-0149
NAMED = ("Ann Quince", "bo.quince@corp.example")
CHARGES = (
    "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,ChargeDescription,ResourceId,ResourceName,ServiceName,Tags\n"
)
CHARGE = (
    "1.5,1.5,USD,{month}-01T00:00:00Z,{after}-01T00:00:00Z,{month}-{day:02}T00:00:00Z,{month}-{next:02}T00:00:00Z,"
    'Usage,paid by {email},i-{day},vm of {name},Compute,"{{""owner"": ""{email}""}}"\n'
)


def rows_of_tables(database: Path, schemas_left_out: Iterable[str], names_left_out: Iterable[str] = ()) -> dict:
    """By table the number of its rows and the sum of their hashes."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where not list_contains($schemas, table_schema) and not list_contains($names, table_name) "
            "and table_type = 'BASE TABLE' order by all",
            {"schemas": list(schemas_left_out), "names": list(names_left_out)},
        ).fetchall()
        return {
            f"{schema}.{name}": connection.execute(
                f'select count(*), coalesce(sum(hash(r)), 0) from "{schema}"."{name}" as r'
            ).fetchall()[0]
            for schema, name in tables
        }


class WholeBuild(Warehouse):
    """The small sample and two persons more, built as a whole with the least memory; customers are hashed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seeds = folder / "seeds"
        self.published = folder / "published"
        # The files of the two persons alone
        self.few = folder / "few"
        # July is closable on 4 August, though the two persons' charges have no place
        self.variables = {"privacy": TREATMENTS, "month_close_days": 3, "closing_max_unallocated_share": 1}

    def prepare(self) -> None:
        made = self.run("sample", "--out", str(self.data), *SAMPLE)
        assert made.exit_code == 0, made.output
        self.add_persons()
        self.add_seeds()

    def add_persons(self) -> None:
        customers = self.data / "customers.parquet"
        with duckdb.connect() as session:
            session.execute(f"copy (from read_parquet('{customers}')) to '{customers.with_suffix('.csv')}' (header)")
        customers.unlink()
        with customers.with_suffix(".csv").open("a") as file:
            file.writelines(f"{name},enterprise,us,,\n" for name in NAMED)
        days = range(1, 31)
        requests = [
            {
                "ts": f"2026-07-{day:02}T10:00:00Z",
                "deployment_id": "chat-large",
                "request_id": f"{day}-{number}",
                "customer_id": name,
                "user_id": f"user {name}",
                "session_id": f"session {name}",
                "input_tokens": 100,
                "output_tokens": 10,
            }
            for day in days
            for number, name in enumerate(NAMED)
        ]
        self.write("telemetry/requests/more/a.jsonl", "".join(json.dumps(row) + "\n" for row in requests))
        self.write(
            "telemetry/product/a.csv",
            "ts,workload,customer_id,user_id,session_id\n"
            + "".join(f"2026-07-{day:02}T10:00:00Z,chat,{one},user {one},s {one}\n" for day in days for one in NAMED),
        )
        name, email = NAMED
        for month, after, last in (("2026-07", "2026-08", 30), ("2026-08", "2026-09", 4)):
            charges = [
                CHARGE.format(month=month, after=after, day=day, next=day + 1, name=name, email=email)
                for day in range(1, last + 1)
            ]
            self.write(f"focus/acme/{month}.csv", CHARGES + "".join(charges))
        for place in ("focus/acme", "telemetry/requests/more", "telemetry/product"):
            shutil.copytree(self.data / place, self.few / place)

    def add_seeds(self) -> None:
        """The sample's seeds; the one row that names a customer has what stands for it."""
        shutil.copytree(CONFIG_SEEDS, self.seeds, ignore=shutil.ignore_patterns("*.yml"))
        with self.environment():
            pseudonym = privacy_of(TREATMENTS, None).pseudonym("customer_id", "cus-0000")
        owners = self.seeds / "cost_owners.csv"
        owners.write_text(owners.read_text().replace("cus-0000", pseudonym))

    @contextlib.contextmanager
    def environment(self, memory: str = "") -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv(SALT, "one for all databases of this data")
            patched.setenv("UNIT_ECONOMICS_SEEDS", str(self.seeds))
            patched.setenv("UNIT_ECONOMICS_MEMORY", memory)
            yield

    def run(self, *command: str) -> Result:
        """A command of `ai-unit-economics`, in this process."""
        with self.environment():
            return CliRunner().invoke(main, list(command))


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> WholeBuild:
    """Built and published."""
    build = WholeBuild(tmp_path_factory.mktemp("whole"))
    build.prepare()
    with build.environment(MINIMUM):
        build.dbt("build", "--exclude-resource-type", "unit_test")
    published = build.run("publish", "--database", str(build.database), "--to", str(build.published))
    assert published.exit_code == 0, published.output
    return build


class Disk:
    """A file system of its own, of which all but some bytes can be taken."""

    def __init__(self, folder: Path, rights: list[str]) -> None:
        self.folder = folder
        self.rights = rights
        self.ballast = folder / ".ballast"

    def leave(self, free: int) -> None:
        self.ballast.unlink(missing_ok=True)
        taken = shutil.disk_usage(self.folder).free - free
        if taken > 0:
            with self.ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, taken)

    def empty(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def mount_again(self, how: str) -> None:
        """`ro` keeps even root from writing."""
        subprocess.run([*self.rights, "mount", "-o", f"remount,{how}", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=256m,uid={os.getuid()},mode=700", "tmpfs", str(folder)]
    for rights in ([], ["sudo", "-n"]):
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run([*rights, *mount], capture_output=True, check=False).returncode == 0:
                yield Disk(folder, rights)
                subprocess.run([*rights, "umount", "--lazy", str(folder)], check=True)
                return
    pytest.skip("nobody here may mount a small disk: run as root on Linux, or let sudo ask for no password")


PROJECT_OPTION = ("--project", str(PROJECT))
