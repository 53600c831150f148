"""A month is closed, and then everything that can change changes: bills, rules, pools, rates, counters, files.

The company has a node of 4 accelerators that a and b share, a deployment g of its own, and a platform that all carry.
After each round of changes the books must say what was signed, to the byte, and closed and adjustments must be what is
computed afresh, to the last decimal. Random changes take minutes: BOOK_CHANGES=1000 makes so many, ten a
round.
"""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ai_unit_economics.books import closing
from ai_unit_economics.books.findings import findings_of
from ai_unit_economics.books.records import content_hash
from ai_unit_economics.publishing import Build, opened
from ai_unit_economics.sql import identifier, sql
from tests.python.conftest import Warehouse

CHANGES = int(os.environ.get("BOOK_CHANGES", "0"))
CHANGES_A_ROUND = min(max(CHANGES // 2, 1), 10)
FIRST, LAST = date(2026, 7, 1), date(2026, 9, 12)
WATCHED = [date(2026, 7, 10), date(2026, 7, 11), date(2026, 8, 4)]
BUILD = Build("build", datetime(2026, 9, 12), ())
WANTED = [
    *(f"+fct_unit_economics_{grain}" for grain in ("daily", "weekly", "monthly")),
    *("+fct_unit_costs_daily", "+fct_cost_adjustments", "+fct_owner_statements_monthly"),
    *("+int_books__closable_months", "+int_books__open_findings"),
]
HEADER = (
    "EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,ChargeFrequency,ConsumedQuantity,ConsumedUnit,ResourceId,ServiceName,Tags\n"
)
SEEDS = {
    "deployments": (
        "deployment_id,workload,environment,kind,model,valid_from\n"
        + "".join(f"{name},{name},production,inference,m,2026-01-01\n" for name in "abg")
    ),
    "cost_rules": (
        "priority,source,column_name,tag_key,operator,value,treatment,target,valid_from,valid_to\n"
        "10,,Tags,deployment,exists,,direct,$value,,\n20,,Tags,pool,exists,,pool,$value,,\n"
        "30,,ServiceName,,equals,Platform,shared,platform,,\n"
    ),
    "capacity_pools": (
        "pool_id,idle_treatment,accelerator,consumed_unit,accelerators_per_consumed_unit,valid_from,valid_to\n"
        "p,share,x,Hours,4,,\n"
    ),
    "shared_pools": "pool_id,method,driver,valid_from,valid_to\nplatform,direct,even,,\n",
    "cost_owners": (
        "priority,match_type,match_key,match_value,owner,share,valid_from,valid_to,notes\n"
        "10,deployment,,a,red,1,,,\n20,deployment,,g,red,0.3,,,\n20,deployment,,g,blue,0.5,,,\n"
    ),
    "series_rules": "priority,label,operator,value,deployment_id,role\n10,pod,regex,^([ab])-0$,$value,\n",
    "exchange_rates": "rate_date,from_currency,to_currency,rate\n2026-01-01,EUR,USD,1.25\n",
}


class Company:
    """A company's files and seeds, and the warehouse that is built from them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.books = warehouse.folder / "data-books"
        self.seeds = warehouse.folder / "seeds"
        self.seeds.mkdir()
        self.changed_seeds: set[str] = set()
        for name, text in SEEDS.items():
            self.write_seed(name, text)
        day = FIRST
        while day < LAST:
            month = day.replace(day=1)
            lines = [
                charge("96", day, f"24,Hours,i-1,Nodes,{tag('pool', 'p')}"),
                charge("7.1", day, f",,,Machine,{tag('deployment', 'g')}", "EUR" if day.day % 2 else "USD"),
                charge("10.000000000000000001", day, ",,,Platform,"),
            ]
            path = self.bill(f"{month:%Y-%m}.csv")
            if not path.is_file():
                self.warehouse.write(f"focus/acme/{month:%Y-%m}.csv", HEADER)
            path.write_text(path.read_text() + "".join(lines))
            day += timedelta(days=1)
        for day in WATCHED:
            self.write_gauges(day)

    def bill(self, name: str) -> Path:
        return self.warehouse.data / "focus" / "acme" / name

    def write_seed(self, name: str, text: str) -> None:
        (self.seeds / f"{name}.csv").write_text(text)
        self.changed_seeds.add(name)

    def rows_of_seed(self, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((self.seeds / f"{name}.csv").open()))

    def write_rows(self, name: str, rows: list[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.write_seed(name, text.getvalue())

    def write_gauges(self, day: date, accelerators: tuple[int, int] = (2, 1), hours: int = 24) -> None:
        """What a and b hold of the node's 4 accelerators."""
        lines = ["ts,metric,labels,value"]
        for second in range(0, hours * 3600, 180):
            ts = datetime(day.year, day.month, day.day) + timedelta(seconds=second)
            info = '{"cluster":"c","job":"ksm","node":"n","provider_id":"aws:///z/i-1"}'
            lines.append(f"{ts},kube_node_info,{quoted(info)},1")
            for pod, count in zip("ab", accelerators, strict=True):
                where = f'"cluster":"c","job":"ksm","namespace":"ns","pod":"{pod}-0","node":"n"'
                held = f'{{{where},"resource":"nvidia_com_gpu"}}'
                lines.append(f"{ts},kube_pod_container_resource_requests,{quoted(held)},{count}")
        self.warehouse.write(f"telemetry/prometheus/{day}.csv", "\n".join(lines) + "\n")

    def build(self, full_refresh: bool = False) -> None:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("UNIT_ECONOMICS_SEEDS", str(self.seeds))
            if not self.warehouse.database.is_file():
                self.warehouse.dbt("seed")
            elif self.changed_seeds:
                self.warehouse.dbt("seed", "--select", *sorted(self.changed_seeds))
            self.changed_seeds.clear()
            self.warehouse.dbt("run", *(["--full-refresh"] if full_refresh else []), "--select", *WANTED)

    def close(self, period: str):
        with opened(self.warehouse.database) as connection:
            month = closing.month_of(period)
            findings = findings_of(connection, identifier("intermediate", "int_books__open_findings"), month)
            accept = [finding.name for finding in findings if finding.is_beyond_limit]
            return closing.close(connection, str(self.books), period, BUILD, "anna", accept=accept)

    def hash_of(self, mart: str, month: str, day: str) -> tuple[int, str]:
        """The rows of a month as the mart shows them, by the rule of the books."""
        with duckdb.connect(str(self.warehouse.database), read_only=True) as connection:
            rows = sql(
                f"(select columns(lambda name: name != 'is_closed') from marts.{mart} "
                f"where date_trunc('month', {day}) = date '{month}-01')"
            )
            return content_hash(connection, rows)

    def bills(self) -> dict[date, Decimal]:
        """What the files say, by day, in dollars: read by no code of the project."""
        rates = {row["rate_date"]: Decimal(row["rate"]) for row in self.rows_of_seed("exchange_rates")}
        days: dict[date, Decimal] = {}
        for path in self.bill("x").parent.glob("*.csv"):
            for row in csv.DictReader(path.open()):
                day = date.fromisoformat(row["ChargePeriodStart"][:10])
                rate = Decimal(1)
                if row["BillingCurrency"] == "EUR":
                    rate = rates[max(since for since in rates if since <= str(day))]
                days[day] = days.get(day, Decimal(0)) + Decimal(row["EffectiveCost"]) * rate
        return days


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def tag(key: str, value: str) -> str:
    return quoted(f'{{"{key}":"{value}"}}')


def charge(cost: str, day: date, rest: str, currency: str = "USD") -> str:
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    period = f"{month}T00:00:00Z,{following}T00:00:00Z,{day}T00:00:00Z,{day + timedelta(days=1)}T00:00:00Z"
    return f"{cost},{currency},{period},Usage,Usage-Based,{rest}\n"


def some_day(drawn: random.Random) -> date:
    return FIRST + timedelta(days=drawn.randrange(62))


def late_charge(company: Company, drawn: random.Random) -> None:
    cost = f"{drawn.choice(['', '-'])}{drawn.randrange(1, 9)}.{drawn.randrange(10**18):018}"
    places = [f",,,Late,{tag('deployment', 'g')}", f"1,Hours,i-1,Late,{tag('pool', 'p')}", ",,,Platform,", ",,,New,"]
    rest = drawn.choice(places)
    text = HEADER + charge(cost, some_day(drawn), rest, drawn.choice(["USD", "EUR"]))
    company.warehouse.write(f"focus/acme/late-{drawn.randrange(10**9)}.csv", text)


def deleted_file(company: Company, drawn: random.Random) -> None:
    late = sorted(company.bill("x").parent.glob("late-*.csv"))
    if late:
        drawn.choice(late).unlink()
    else:
        late_charge(company, drawn)


def redelivered_month(company: Company, drawn: random.Random) -> None:
    """Under another name, a charge dearer, in another order."""
    path = drawn.choice(sorted(company.bill("x").parent.glob("20*.csv")))
    header, *lines = path.read_text().splitlines(keepends=True)
    number = drawn.randrange(len(lines))
    cost, rest = lines[number].split(",", 1)
    lines[number] = f"{Decimal(cost) + 1},{rest}"
    drawn.shuffle(lines)
    path.unlink()
    path.with_name(f"{path.name[:7]}-{drawn.randrange(10**9)}.csv").write_text(header + "".join(lines))


def edited_rule(company: Company, drawn: random.Random) -> None:
    rows = company.rows_of_seed("cost_rules")
    row = next(row for row in rows if row["priority"] == "30")
    before = (row["treatment"], row["target"])
    others = [("direct", "a"), ("direct", "g"), ("shared", "platform"), ("excluded", "overhead")]
    row["treatment"], row["target"] = drawn.choice([other for other in others if other != before])
    company.write_rows("cost_rules", rows)


def edited_pool(company: Company, drawn: random.Random) -> None:
    rows = company.rows_of_seed("capacity_pools")
    rows[0]["idle_treatment"] = {"share": "separate", "separate": "share"}[rows[0]["idle_treatment"]]
    company.write_rows("capacity_pools", rows)


def edited_driver(company: Company, drawn: random.Random) -> None:
    rows = company.rows_of_seed("shared_pools")
    rows[0]["driver"] = {"even": "direct_cost", "direct_cost": "even"}[rows[0]["driver"]]
    company.write_rows("shared_pools", rows)


def edited_owner(company: Company, drawn: random.Random) -> None:
    rows = company.rows_of_seed("cost_owners")
    rows[drawn.randrange(3)]["share"] = drawn.choice(["0.1", "0.25", "0.333333", "0.5"])
    company.write_rows("cost_owners", rows)


def edited_rate(company: Company, drawn: random.Random) -> None:
    rows = company.rows_of_seed("exchange_rates")
    rows[0]["rate"] = str(Decimal(rows[0]["rate"]) + Decimal("0.01"))
    company.write_rows("exchange_rates", rows)


def corrected_gauges(company: Company, drawn: random.Random) -> None:
    company.write_gauges(drawn.choice(WATCHED), (drawn.randrange(4), drawn.randrange(2)), drawn.choice([6, 24]))


ChangeFunction = Callable[[Company, random.Random], None]
LATE: tuple[ChangeFunction, ...] = (late_charge, deleted_file, redelivered_month)
RULES: tuple[ChangeFunction, ...] = (edited_rule, edited_pool, edited_driver)
CHANGE_FUNCTIONS: tuple[ChangeFunction, ...] = (*LATE, *RULES, edited_rate, edited_owner, corrected_gauges)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(Warehouse(tmp_path))


def adjustments(company: Company, columns: str, more: str = "") -> list[tuple]:
    return company.warehouse.query(f"select {columns} from marts.fct_cost_adjustments {more}")


def check_books(company: Company, signed: dict[tuple[str, str, str], tuple[int, str]]) -> None:
    """What was signed is there to the byte; with the adjustments it is what is computed, and what the files say."""
    for (mart, month, day), content in signed.items():
        assert company.hash_of(mart, month, day) == content
    months = {month for _, month, _ in signed}
    differences = company.warehouse.query("""
        with both_sides as (
            select date_day, source, deployment_id, cost_origin, origin_pool, effective_cost
            from marts.fct_deployment_costs_daily
            union all
            select date_day, source, deployment_id, cost_origin, origin_pool, effective_cost
            from marts.fct_cost_adjustments
            union all
            select date_day, source, deployment_id, cost_origin, origin_pool, -effective_cost
            from intermediate.int_books__recomputed_costs_daily
        )
        select date_day, source, deployment_id, cost_origin, origin_pool, sum(effective_cost)
        from both_sides group by all having sum(effective_cost) != 0
    """)
    assert differences == []
    check_owners(company)
    booked = dict(
        company.warehouse.query("""
            select date_day, sum(effective_cost) from (
                select date_day, effective_cost from marts.fct_deployment_costs_daily
                union all
                select date_day, effective_cost from marts.fct_cost_adjustments
            ) group by date_day
        """)
    )
    billed = company.bills()
    for day in booked.keys() | billed.keys():
        # A charge in euros is rounded to the eighteenth decimal once for all of the day's lines of a kind
        assert booked.get(day, Decimal(0)) == pytest.approx(billed.get(day, Decimal(0)), abs=Decimal("1e-16"))
    assert all(f"{day:%Y-%m}" in months for (day,) in adjustments(company, "date_day"))


def check_owners(company: Company) -> None:
    """What owners pay is the ledger, what changed of it is its adjustments, and both are who would pay today."""
    lines = "date_day, source, deployment_id, cost_origin, origin_pool"
    for owned, of, day in (
        ("intermediate.int_books__owner_costs_daily", "marts.fct_deployment_costs_daily", "date_day"),
        ("marts.fct_owner_adjustments", "marts.fct_cost_adjustments", "booked_month"),
    ):
        differences = company.warehouse.query(f"""
            select booked, {lines}, sum(effective_cost) from (
                select {day} as booked, {lines}, effective_cost from {owned}
                union all
                select {day} as booked, {lines}, -effective_cost from {of}
            ) group by all having sum(effective_cost) != 0
        """)
        assert differences == []
    differences = company.warehouse.query(f"""
        select {lines}, owner, sum(effective_cost) from (
            select {lines}, owner, effective_cost from intermediate.int_books__owner_costs_daily
            union all
            select {lines}, owner, effective_cost from marts.fct_owner_adjustments
            union all
            select {lines}, owner, -effective_cost from intermediate.int_owners__costs_daily
        ) group by all having sum(effective_cost) != 0
    """)
    assert differences == []


def sign(company: Company, month: str) -> dict[tuple[str, str, str], tuple[int, str]]:
    record = company.close(month)
    marts = {
        ("fct_deployment_costs_daily", month, "date_day"): "ledger",
        ("fct_unit_costs_daily", month, "date_day"): "unit_costs_daily",
    }
    signed = {mart: (record.tables[table].rows, record.tables[table].hash) for mart, table in marts.items()}
    for mart in ("fct_unit_economics_daily", "fct_unit_economics_monthly"):
        # The books have days, weeks and months in one table
        signed[mart, month, "period_start"] = company.hash_of(mart, month, "period_start")
    return signed


@pytest.mark.slow
def test_an_edited_rule_is_an_adjustment_and_a_rule_from_a_day_on_is_none(company: Company) -> None:
    """The platform's 10 a day are carried by a, b and g, a third each. After July is closed the rule sends them to a.

    July has 31 days: a bears 31 * 10 * 2/3 = 206.67 more, b and g 103.33 less each. Each day's 10.000000000000000001 is
    3.333333333333333334 for one and 3.333333333333333333 or ...334 for the others: the sum is 0 all the same.
    """
    company.build()
    signed = sign(company, "2026-07")
    company.build()
    check_books(company, signed)
    assert adjustments(company, "count(*)") == [(0,)]

    rows = company.rows_of_seed("cost_rules")
    rule = rows.pop()
    to_a = rule | {"treatment": "direct", "target": "a"}
    company.write_rows("cost_rules", [*rows, rule | {"valid_to": "2026-08-01"}, to_a | {"valid_from": "2026-08-01"}])
    company.build()
    check_books(company, signed)
    assert adjustments(company, "count(*)") == [(0,)]
    august = company.warehouse.query("""
        select deployment_id, sum(effective_cost) from marts.fct_deployment_costs_daily
        where date_day = '2026-08-01' and origin_pool in ('platform', '(none)') group by 1 order by 1
    """)
    assert august == [("a", Decimal("10.000000000000000001")), ("g", Decimal("8.875"))]

    company.write_rows("cost_rules", [*rows, to_a])
    company.build()
    check_books(company, signed)
    sums = dict(adjustments(company, "deployment_id, sum(effective_cost)", "group by 1"))
    assert {name: round(sums[name], 2) for name in "abg"} == {
        "a": Decimal("206.67"),
        "b": Decimal("-103.33"),
        "g": Decimal("-103.33"),
    }
    assert sum(sums.values()) == 0
    [(cause, reference, booked)] = adjustments(company, "distinct cause, reference, booked_month::varchar")
    assert (cause, booked) == ("rule_change", "2026-08-01")
    assert '"target":"platform"' in reference
    assert '"target":"a"' in reference

    # red has all of a, b is nobody's, and of g red has 0.3 and blue 0.5: 206.67 - 31.00, -51.67, and -103.33 - 20.67
    owners = dict(
        company.warehouse.query("select owner, sum(effective_cost) from marts.fct_owner_adjustments group by 1")
    )
    assert {owner: round(owners[owner], 2) for owner in owners} == {
        "red": Decimal("175.67"),
        "blue": Decimal("-51.67"),
        "(unowned)": Decimal("-124.00"),
    }
    rows = company.rows_of_seed("cost_owners")
    company.write_rows("cost_owners", [rows[0] | {"owner": "green"}, *rows[1:]])
    company.build()
    check_books(company, signed)
    moved = company.warehouse.query("""
        select owner, cause, round(sum(effective_cost), 2) from marts.fct_owner_adjustments
        where closed_month = '2026-07-01' and deployment_id = 'a' and origin_pool = 'p' group by all order by all
    """)
    assert [(owner, cause) for owner, cause, _ in moved] == [("green", "owner_change"), ("red", "owner_change")]
    assert moved[0][2] == -moved[1][2] > 0

    # August signs what was booked in it, and a full refresh in a new database says the same
    signed |= sign(company, "2026-08")
    company.warehouse.database.unlink()
    company.build()
    check_books(company, signed)
    assert adjustments(company, "distinct is_closed, booked_month::varchar") == [(True, "2026-08-01")]
    assert dict(adjustments(company, "deployment_id, sum(effective_cost)", "group by 1")) == sums


@pytest.mark.slow
def test_each_kind_of_change_is_named(company: Company) -> None:
    """One kind of change in one build: the difference has that cause, and names the file or the row behind it."""
    company.build()
    signed = sign(company, "2026-07")
    late = HEADER + charge("5", date(2026, 7, 3), f",,,Late,{tag('deployment', 'g')}")
    company.warehouse.write("focus/acme/late.csv", late)
    company.build()
    check_books(company, signed)
    assert adjustments(company, "date_day::varchar, deployment_id, cause, reference, effective_cost") == [
        ("2026-07-03", "g", "late_charge", "focus/acme/late.csv", Decimal(5))
    ]

    company.write_gauges(date(2026, 7, 10), (3, 1))
    company.build()
    check_books(company, signed)
    rows = adjustments(company, "date_day::varchar, cause, reference, sum(effective_cost)", "group by all order by all")
    assert ("2026-07-10", "meter_change", "gauges", Decimal(0)) in rows
    assert ("2026-07-03", "late_charge", "focus/acme/late.csv", Decimal(5)) in rows
    # What holds over midnight is of the day after, whose own samples are as they were
    assert {day for day, *_ in rows} <= {"2026-07-03", "2026-07-10", "2026-07-11"}

    edited_pool(company, random.Random(1))
    company.build()
    check_books(company, signed)
    causes = dict(adjustments(company, "date_day::varchar, any_value(cause)", "group by 1"))
    assert causes["2026-07-11"] == "rule_change"
    assert causes["2026-07-10"] == "several"


@pytest.mark.slow
@pytest.mark.skipif(not CHANGES, reason="random changes take minutes: set BOOK_CHANGES, such as 20")
def test_the_books_never_move(company: Company) -> None:
    drawn = random.Random(17)
    company.build()
    signed = sign(company, "2026-07")
    rounds = max(CHANGES // CHANGES_A_ROUND, 1)
    for number in range(rounds):
        for _ in range(CHANGES_A_ROUND):
            drawn.choice(CHANGE_FUNCTIONS)(company, drawn)
        if number == rounds // 2:
            company.build()
            check_books(company, signed)
            signed |= sign(company, "2026-08")
        company.build(full_refresh=drawn.random() < 0.2)
        check_books(company, signed)
