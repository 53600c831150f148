"""What companies lose is taken away at random, and no number stands that the complete world does not give.

One warehouse holds many small companies that are all alike: a pool with two servers, of which one is rolled out anew, a
deployment that only its gateway sees, and a hosted model. Company 0 is whole; each other one has lost something. Every
figure that is still given for it must be the whole company's, and every other one must say why it is null.
REMOVALS=5000 takes more away than the suite; REMOVALS_SEED takes others away, so that 5,000 can be tried 1,000 at a
time where memory is short. REMOVALS_DAYS=30 is a whole month: one that lost a day still has a figure.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb
import pytest

pytestmark = pytest.mark.slow
REMOVALS = int(os.environ.get("REMOVALS", "200"))
SEED = int(os.environ.get("REMOVALS_SEED", "16"))
DAYS = int(os.environ.get("REMOVALS_DAYS", "8"))  # at most a month; the first week is whole, and the next one begins
FIRST, SCRAPE = datetime(2026, 6, 1), 180  # a Monday
HOURS = DAYS * 24
# Of a, another pod begins at 0 with this scrape of this day
ROLLOUT_DAY, ROLLOUT_SCRAPE = 4, 100
FOREVER = 1 << 30
METRICS = ("vllm:prompt_tokens_total", "vllm:prompt_tokens_cached_total", "vllm:generation_tokens_total")
REQUESTS = "vllm:request_success_total"
GRAINS = ("daily", "weekly", "monthly")
# How far a day's figure may be off: less than max_unknown_share of its time, capacity or cost is unknown, and of the
# gateway's 288 requests no more than that and metering_tolerance_requests.
ALLOWED = 0.02 + 5 / 288


@dataclass
class Lost:
    """What one company has lost: hours of series and of gateway rows, days of charges, tags and rows of seeds."""

    what: str
    exporter: tuple[int, int] = (0, 0)
    series: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    everything: tuple[int, int] = (0, 0)
    gateway: tuple[int, int] = (0, 0)
    # hours of a column of each nth request row
    told: tuple[str, int, tuple[int, int]] = ("", 1, (0, 0))
    # after so many hours the gateway counts its requests from 0 again
    numbered: int = HOURS
    bill: set[int] = field(default_factory=set)
    meter: set[int] = field(default_factory=set)
    pool_tag: bool = False
    meter_row: str = ""
    # of the exporter or a server: hours in which all of its series have a label more
    relabelled: dict[str, tuple[int, int]] = field(default_factory=dict)


def some_hours(drawn: random.Random) -> tuple[int, int]:
    """An hour, some hours, some days, the beginning, the end, or all of it."""
    kind = drawn.randrange(6)
    if kind == 0:
        start = drawn.randrange(HOURS)
        return start, start + 1
    if kind == 1:
        start = drawn.randrange(HOURS - 12)
        return start, start + drawn.randrange(2, 12)
    if kind == 2:
        start = drawn.randrange(DAYS - 2)
        return start * 24, (start + drawn.randrange(1, 3)) * 24
    if kind == 3:
        return 0, drawn.randrange(1, HOURS - 24)
    if kind == 4:
        return drawn.randrange(24, HOURS), HOURS
    return 0, HOURS


def some_days(drawn: random.Random) -> set[int]:
    kind = drawn.randrange(3)
    if kind == 0:
        return {drawn.randrange(DAYS)}
    if kind == 1:
        return set(range(drawn.randrange(1, DAYS), DAYS))
    return set(range(drawn.randrange(1, DAYS)))


def lose_exporter(drawn: random.Random) -> Lost:
    return Lost("exporter", exporter=some_hours(drawn))


def lose_target(drawn: random.Random) -> Lost:
    server, hours = drawn.choice("ab"), some_hours(drawn)
    return Lost("target", series={(server, metric): hours for metric in (*METRICS, REQUESTS)})


def lose_servers(drawn: random.Random) -> Lost:
    hours = some_hours(drawn)
    return Lost("servers", series={(server, metric): hours for server in "ab" for metric in (*METRICS, REQUESTS)})


def lose_metric(drawn: random.Random) -> Lost:
    return Lost("metric", series={(drawn.choice("ab"), drawn.choice((*METRICS, REQUESTS))): some_hours(drawn)})


def lose_everything(drawn: random.Random) -> Lost:
    return Lost("everything", everything=some_hours(drawn))


def lose_gateway(drawn: random.Random) -> Lost:
    return Lost("gateway", gateway=some_hours(drawn))


def lose_column(drawn: random.Random) -> Lost:
    column = drawn.choice(["input_tokens", "cached_input_tokens", "output_tokens"])
    hours = some_hours(drawn)
    if column == "cached_input_tokens":
        # what is never told is taken for 0, and so is what half of the rows leave away on most days
        while hours == (0, HOURS):
            hours = some_hours(drawn)
        return Lost("column", told=(column, drawn.choice([1, 2]) if hours[1] - hours[0] <= 48 else 1, hours))
    return Lost("column", told=(column, drawn.choice([1, 2, 3]), hours))


def lose_numbers(drawn: random.Random) -> Lost:
    """A process counts its requests, and begins anew each day, or sooner or later."""
    return Lost("numbers", numbered=drawn.choice([1, 5, 12, 23, 24, 24, 24, 30]))


def lose_bill(drawn: random.Random) -> Lost:
    return Lost("bill", bill=some_days(drawn))


def lose_meter(drawn: random.Random) -> Lost:
    return Lost("meter", meter=some_days(drawn))


def lose_rule(drawn: random.Random) -> Lost:
    return Lost("rule", pool_tag=True) if drawn.random() < 0.5 else Lost("rule", meter_row=drawn.choice(["in", "out"]))


def relabel(drawn: random.Random) -> Lost:
    return Lost("label", relabelled={drawn.choice(["exporter", "a", "b"]): some_hours(drawn)})


LOSSES: tuple[Callable[[random.Random], Lost], ...] = (
    *(lose_exporter, lose_target, lose_servers, lose_metric, lose_everything, lose_gateway, lose_bill, lose_meter),
    *(lose_rule, relabel, lose_column, lose_numbers),
)


def worlds() -> list[Lost]:
    drawn = random.Random(SEED)
    return [Lost("nothing"), *(LOSSES[number % len(LOSSES)](drawn) for number in range(REMOVALS))]


def volumes() -> list[int]:
    """Tokens of prompt between two scrapes, by day; a multiple of 90, so that all that follows is whole."""
    drawn = random.Random(7)
    return [90 * drawn.randrange(7, 20) for _ in range(DAYS)]


def write_series(warehouse, companies: list[Lost]) -> None:
    """Counters are sums of what was between scrapes: a fifth of the prompt is cached, a tenth as much is answered."""
    rolled_out = ROLLOUT_DAY * (86400 // SCRAPE) + ROLLOUT_SCRAPE

    def pods(name: str, number: int) -> list[tuple[str, int, int]]:
        """Their labels, the first scrape that sees them and the first that does not."""
        lives = [(0, rolled_out), (rolled_out, FOREVER)] if name == "a" else [(0, FOREVER)]
        return [(f'"namespace":"ns","pod":"{name}{number}-{pod}"', *life) for pod, life in enumerate(lives)]

    requested = "kube_pod_container_resource_requests"
    with duckdb.connect() as connection:
        connection.execute("create table volumes (day int, volume bigint)")
        connection.executemany("insert into volumes values (?, ?)", list(enumerate(volumes())))
        columns = "metric text, labels text, factor double, constant double, a_scrape double, first int, after int"
        connection.execute(f"create table series ({columns})")
        for table in ("losses", "relabels"):
            connection.execute(
                f"create table {table} (metric text, labels text, starts_at timestamp, ends_at timestamp)"
            )
        rows, losses, relabels = [], [], []
        for number, lost in enumerate(companies):
            of_exporter = [
                ("kube_node_info", f'"node":"n{number}","provider_id":"aws:///z/i-{number}"', 1, 0, FOREVER),
                *(
                    (requested, f'{labels},"node":"n{number}","resource":"nvidia_com_gpu"', count, *lives)
                    for name, count in (("a", 2), ("b", 1))
                    for labels, *lives in pods(name, number)
                ),
            ]
            of_exporter = [
                (metric, f'{{"cluster":"c{number}","job":"ksm",{labels}}}', 0, constant, 0, *lives)
                for metric, labels, constant, *lives in of_exporter
            ]
            of_servers = [
                (metric, f'{{"cluster":"c{number}","job":"vllm",{labels}}}', *factors, *lives)
                for name in "ab"
                for labels, *lives in pods(name, number)
                for metric, factors in zip(
                    (*METRICS, REQUESTS), ((1, 0, 0), (0.2, 0, 0), (0.1, 0, 0), (0, 0, SCRAPE / 300)), strict=True
                )
            ]
            rows += of_exporter + of_servers
            for metric, labels, *_ in of_exporter:
                losses += [(metric, labels, *lost.exporter), (metric, labels, *lost.everything)]
                relabels.append((metric, labels, *lost.relabelled.get("exporter", (0, 0))))
            for metric, labels, *_ in of_servers:
                server = "a" if f'"a{number}-' in labels else "b"
                losses += [
                    (metric, labels, *lost.series.get((server, metric), (0, 0))),
                    (metric, labels, *lost.everything),
                ]
                relabels.append((metric, labels, *lost.relabelled.get(server, (0, 0))))
        connection.executemany("insert into series values (?, ?, ?, ?, ?, ?, ?)", rows)
        for table, of_hours in {"losses": losses, "relabels": relabels}.items():
            of_times = [
                (metric, labels, FIRST + timedelta(hours=start), FIRST + timedelta(hours=end))
                for metric, labels, start, end in of_hours
                if start < end
            ]
            if of_times:
                connection.executemany(f"insert into {table} values (?, ?, ?, ?)", of_times)
        folder = warehouse.data / "telemetry" / "prometheus"
        folder.mkdir(parents=True)
        scrapes = 86400 // SCRAPE
        for day in range(DAYS):
            connection.execute(f"""
                copy (
                    with scraped as (
                        select
                            timestamp '{FIRST}' + interval ({day}) day + to_seconds(scrape * {SCRAPE}) as ts,
                            (select coalesce(sum(volume), 0) from volumes where day < {day}) * {scrapes}
                            + scrape * (select volume from volumes where day = {day}) as prompt,
                            {day * scrapes} + scrape as scrape
                        from range({scrapes}) as scrapes(scrape)
                    ),
                    -- what is there when a pod begins is of the one before
                    began as (
                        select
                            0 as first, 0 as prompt, 0 as scrape
                        union all
                        select
                            {rolled_out},
                            (select sum(volume) from volumes where day < {ROLLOUT_DAY}) * {scrapes}
                            + {ROLLOUT_SCRAPE - 1} * (select volume from volumes where day = {ROLLOUT_DAY}),
                            {rolled_out - 1}
                    )
                    select
                        ts,
                        series.metric,
                        case
                            when relabels.metric is null then series.labels
                            else replace(series.labels, '{{', '{{"zone":"z",')
                        end as labels,
                        round((scraped.prompt - began.prompt) * factor + (scraped.scrape - began.scrape) * a_scrape)
                        + constant as value
                    from series
                    inner join began on series.first = began.first
                    inner join scraped on scraped.scrape >= series.first and scraped.scrape < series.after
                    left join relabels
                        on series.metric = relabels.metric and series.labels = relabels.labels
                        and scraped.ts >= relabels.starts_at and scraped.ts < relabels.ends_at
                    anti join losses
                        on series.metric = losses.metric and series.labels = losses.labels
                        and scraped.ts >= losses.starts_at and scraped.ts < losses.ends_at
                    order by metric, labels, ts
                ) to '{folder}/{day}.parquet' (format parquet)
            """)


def write_requests(warehouse, companies: list[Lost]) -> None:
    """A request every five minutes of a and of g, as many tokens and requests as a's server counts.

    Two customers ask in turn, one of them twice as much as the other.
    """
    folder = warehouse.data / "telemetry" / "requests"
    folder.mkdir(parents=True)
    volume_of = volumes()
    lines = [
        "ts,request_id,deployment_id,customer_id,user_id,session_id,"
        "input_tokens,cached_input_tokens,output_tokens,status"
    ]
    for number, lost in enumerate(companies):
        for request in range(HOURS * 12):
            start, end = lost.gateway
            if start <= request // 12 < end:
                continue
            ts = FIRST + timedelta(seconds=300 * request + 30)
            who = request % 2
            prompt = volume_of[request // 288] * 300 // SCRAPE * (2 + 2 * who) // 3
            tokens: dict[str, int | str] = {
                "input_tokens": prompt,
                "cached_input_tokens": prompt // 5,
                "output_tokens": prompt // 10,
            }
            column, nth, (start, end) = lost.told
            # every second request is of one customer
            if start <= request // 12 < end and request % nth == 0:
                tokens[column] = ""
            for name in "ag":
                lines.append(
                    f"{ts},{name}{number}-{request % (lost.numbered * 12)},{name}{number},customer{who},"
                    f"u{number}-{request % 10},s{number}-{request % 288},{','.join(map(str, tokens.values()))},200"
                )
    (folder / "requests.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    warehouse.write("customers.csv", "customer_id,customer_tier,geography\ncustomer0,gold,eu\ncustomer1,free,us\n")


def write_bills(warehouse, companies: list[Lost]) -> None:
    """A node of 4 accelerators for 96 a day, g's own 48, and the hosted model's 20 for input and 30 for output."""
    header = (
        "EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
        "ChargeCategory,ChargeFrequency,ConsumedQuantity,ConsumedUnit,ResourceId,SkuMeter,Tags"
    )
    period = "USD,2026-06-01T00:00:00Z,2026-07-01T00:00:00Z"
    for number, lost in enumerate(companies):
        lines = [header]
        for day in range(DAYS):
            if day in lost.bill:
                continue
            charged = [FIRST.date() + timedelta(days=ahead) for ahead in (day, day + 1)]
            days = f"{charged[0]}T00:00:00Z,{charged[1]}T00:00:00Z,Usage,Usage-Based"
            pool = "other" if lost.pool_tag else "pool"
            lines += [
                f'96,{period},{days},24,Hours,i-{number},,"{{""{pool}"":""p{number}""}}"',
                f'48,{period},{days},,,,,"{{""deployment"":""g{number}""}}"',
                f'20,{period},{days},{1_000_000 + day},Tokens,,in{number},"{{""deployment"":""h{number}""}}"',
            ]
            if day not in lost.meter:
                lines.append(
                    f'30,{period},{days},{100_000 + day},Tokens,,out{number},"{{""deployment"":""h{number}""}}"'
                )
        warehouse.write(f"focus/s{number}/june.csv", "\n".join(lines) + "\n")


def write_seeds(companies: list[Lost]) -> dict[str, str]:
    deployments = ["deployment_id,workload,environment,kind,model,prefix_caching,serving_engine,valid_from"]
    pools = ["pool_id,idle_treatment,accelerator,consumed_unit,accelerators_per_consumed_unit"]
    meters = ["source,column_name,operator,value,unit,unit_multiplier,deployment_id"]
    for number, lost in enumerate(companies):
        for name, kind in (("a", "inference"), ("b", "inference"), ("g", "inference"), ("h", "hosted")):
            caching = "on,vllm-0.20" if name in "ab" else ","
            deployments.append(f"{name}{number},{name}{number},production,{kind},m,{caching},2026-06-01")
        pools.append(f"p{number},share,x,Hours,4")
        for meter, unit in (("in", "input_token"), ("out", "output_token")):
            if meter != lost.meter_row:
                meters.append(f"s{number},SkuMeter,equals,{meter}{number},{unit},,h{number}")
    return {
        "deployments": "\n".join(deployments) + "\n",
        "capacity_pools": "\n".join(pools) + "\n",
        "sku_meters": "\n".join(meters) + "\n",
        "cost_rules": (
            "priority,source,column_name,tag_key,operator,value,treatment,target\n"
            "10,,Tags,deployment,exists,,direct,$value\n20,,Tags,pool,exists,,pool,$value\n"
        ),
        "series_rules": (
            "priority,label,operator,value,deployment_id,role\n10,pod,regex,^([ab][0-9]+)-[01]$,$value,\n"
        ),
    }


Cell = tuple[str, str, str, str, date]


@pytest.fixture(scope="module")
def marts(module_warehouse) -> dict[str, dict[int, dict[Cell, tuple]]]:
    companies = worlds()
    seeds = module_warehouse.folder / "seeds"
    seeds.mkdir()
    for name, text in write_seeds(companies).items():
        (seeds / f"{name}.csv").write_text(text, encoding="utf-8")
    write_series(module_warehouse, companies)
    write_requests(module_warehouse, companies)
    write_bills(module_warehouse, companies)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UNIT_ECONOMICS_SEEDS", str(seeds))
        module_warehouse.dbt("seed")
        facts = [f"+fct_unit_economics_{grain}" for grain in GRAINS]
        module_warehouse.dbt("run", "--select", *facts)
    found: dict[str, dict[int, dict[Cell, tuple]]] = {}
    for grain in GRAINS:
        cells: dict[int, dict[Cell, tuple]] = {number: {} for number in range(len(companies))}
        for workload, dimension, cohort, unit, start, *rest in module_warehouse.query(f"""
            select workload, cohort_dimension, cohort, unit, period_start,
                cast(units as double), cast(effective_cost as double), cast(counted_cost as double),
                cast(cost_per_unit as double), null_reason, telemetry_coverage, is_complete
            from marts.fct_unit_economics_{grain}
            where cohort_dimension in ('all', 'customer_tier') and workload <> '(unattributed)'
        """):
            cells[int(workload[1:])][workload[0], dimension, cohort, unit, start] = tuple(rest)
        found[grain] = cells
    return found


def test_the_whole_company_is_whole(marts) -> None:
    """a holds 2 of 4 accelerators and b 1; idle is shared, so that of 96 a pays 64 and b 32. No day is without a figure
    but of the kinds of token of the gateway's own cohorts that have none."""
    daily = marts["daily"][0]
    assert {name: daily[name, "all", "all", "token", date(2026, 6, 2)][1] for name in "abgh"} == {
        "a": pytest.approx(64),
        "b": pytest.approx(32),
        "g": 48,
        "h": 50,
    }
    nulls = {(cell[0], cell[3]) for cell, (*_, cost, _, _, _) in daily.items() if cost is None and cell[1] == "all"}
    # nobody can tell b's users; of the hosted model neither requests nor cached tokens are billed
    assert nulls == {
        *(("b", unit) for unit in ("active_user", "session")),
        *(("h", unit) for unit in ("active_user", "session", "request", "cached_input_token")),
    }
    volume = volumes()[1]
    prompt = volume * (86400 // SCRAPE)
    assert daily["a", "all", "all", "token", date(2026, 6, 2)][0] == prompt + prompt // 10


def same_cell(whole: dict[Cell, tuple], cell: Cell) -> Cell | None:
    """Where nobody says whose the usage was, all of it is (unattributed)."""
    name, _, cohort, unit, day = cell
    alike = (name, "all", "all", unit, day) if cohort == "(unattributed)" and cell not in whole else cell
    return alike if alike in whole else None


def are_as_many(units: float, of_whole: float, is_same: bool) -> bool:
    """What is nobody's is a part of all."""
    return units <= of_whole * (1 + ALLOWED) and (units >= of_whole * (1 - ALLOWED) or not is_same)


def is_little(parts: tuple[float, float], wholes: tuple[float, float]) -> bool:
    return all(part <= whole * ALLOWED for part, whole in zip(parts, wholes, strict=True))


def cases() -> list[tuple[int, str]]:
    return [(number, lost.what) for number, lost in enumerate(worlds()) if number]


@pytest.mark.parametrize("what", sorted({what for _, what in cases()}))
def test_a_figure_that_still_stands_is_the_whole_companys(marts, what: str) -> None:
    wrong = []
    whole = marts["daily"][0]
    for number in (number for number, lost in cases() if lost == what):
        for cell, (units, _, counted, cost, reason, *_) in marts["daily"][number].items():
            if cost is None:
                if reason is None:
                    wrong.append((number, worlds()[number], cell, "null without a reason"))
                continue
            same = same_cell(whole, cell)
            # what is nobody's may be less than may be unknown, and of one kind of token: then it has that kind's price
            if same not in (None, cell) and is_little((units, counted), (whole[same][0], whole[same][2])):
                continue
            if same is None or whole[same][3] is None:
                wrong.append((number, worlds()[number], cell, cost, "the whole company has none"))
            elif abs(cost / whole[same][3] - 1) > ALLOWED or not are_as_many(units, whole[same][0], same == cell):
                wrong.append((number, worlds()[number], cell, (units, counted, cost), whole[same]))
    assert not wrong, f"{len(wrong)}: " + "\n".join(map(str, wrong[:20]))


@pytest.mark.parametrize("what", sorted({what for _, what in cases()}))
def test_no_day_and_no_unit_disappears(marts, what: str) -> None:
    """A day that the bill or the telemetry has, has its row, and the row says that it has no figure."""
    wrong = []
    for number in (number for number, lost in cases() if lost == what):
        lost = worlds()[number]
        for cell in marts["daily"][0]:
            # a deployment of which there is neither a charge of its own nor a sample on any day is in nobody's data
            if lost.everything == (0, HOURS) and cell[0] == "b":
                continue
            day = (cell[4] - FIRST.date()).days
            if cell[1] == "all" and day not in lost.bill and cell not in marts["daily"][number]:
                wrong.append((number, lost, cell))
    assert not wrong, f"{len(wrong)}: " + "\n".join(map(str, wrong[:20]))


@pytest.mark.parametrize("what", sorted({what for _, what in cases()}))
def test_a_week_divides_the_cost_of_its_counted_days_by_their_units(marts, what: str) -> None:
    """What the whole company's days say of the days that the damaged company still counts."""
    wrong = []
    whole = marts["daily"][0]
    for number in (number for number, lost in cases() if lost == what):
        daily = marts["daily"][number]
        for cell, (units, _, _, cost, reason, *_) in marts["weekly"][number].items():
            *key, start = cell
            if cost is None:
                if reason is None:
                    wrong.append((number, worlds()[number], cell, "null without a reason"))
                continue
            days = [start + timedelta(days=ahead) for ahead in range(7)]
            # a day that is seen too little for a figure of its own is counted where nothing of it is lost
            counted = [day for day in days if daily.get((*key, day), (0, 0, 0))[2]]
            if cell[3] in ("active_user", "session"):
                # distinct counts are those of the period
                if units > marts["weekly"][0][same_cell(marts["weekly"][0], cell)][0]:
                    wrong.append((number, worlds()[number], cell, units, reason))
                continue
            same = [same_cell(whole, (*key, day)) for day in counted]
            expected = sum(whole[day][2] for day in same) / sum(whole[day][0] for day in same)
            expected *= 1_000_000 if cell[3].endswith("token") else 1
            if abs(cost / expected - 1) > ALLOWED:
                wrong.append((number, worlds()[number], cell, cost, expected, counted))
    assert not wrong, f"{len(wrong)}: " + "\n".join(map(str, wrong[:20]))


@pytest.mark.parametrize("what", sorted({what for _, what in cases()}))
def test_cost_stays_where_it_is_or_is_less_by_what_was_taken_from_the_bill(marts, what: str) -> None:
    """What nobody saw never makes a deployment dearer than all of its pool, and never loses a cent of a bill."""
    wrong = []
    for number in (number for number, lost in cases() if lost == what):
        lost = worlds()[number]
        for day in range(DAYS):
            when = FIRST.date() + timedelta(days=day)
            cost = {
                name: marts["daily"][number].get((name, "all", "all", "request", when), (None, 0))[1] for name in "abgh"
            }
            own = 0 if day in lost.bill else 1
            if cost["g"] != 48 * own or cost["h"] != (50 - 30 * (day in lost.meter)) * own:
                wrong.append((number, lost, when, cost))
            if cost["a"] + cost["b"] > 96 * own + 1e-9 or (lost.pool_tag and cost["a"] + cost["b"] > 0):
                wrong.append((number, lost, when, cost))
    assert not wrong, f"{len(wrong)}: " + "\n".join(map(str, wrong[:20]))


def period_start(day: date, grain: str) -> date:
    return day - timedelta(days=day.weekday()) if grain == "weekly" else day.replace(day=1)


@pytest.mark.parametrize("grain", GRAINS[1:])
@pytest.mark.parametrize("what", sorted({what for _, what in cases()}))
def test_a_period_is_of_the_days_that_are_counted(marts, what: str, grain: str) -> None:
    """The whole company's cost and units of the days whose cost is counted, one divided by the other."""
    wrong = []
    whole = marts["daily"][0]
    for number in (number for number, lost in cases() if lost == what):
        daily = marts["daily"][number]
        for cell, (*_, cost, reason, _, _) in marts[grain][number].items():
            if cost is None:
                if reason is None:
                    wrong.append((number, worlds()[number], cell, "null without a reason"))
                continue
            unit, start = cell[3:]
            if unit in ("active_user", "session"):
                continue
            known = [
                whole[same]
                for day in daily
                if day[:4] == cell[:4] and period_start(day[4], grain) == start and daily[day][2]
                if (same := same_cell(whole, day)) is not None and whole[same][3] is not None
            ]
            units, counted = sum(day[0] for day in known), sum(day[2] for day in known)
            if not units:
                wrong.append((number, worlds()[number], cell, cost, "no day is counted"))
                continue
            a_unit = known[0][3] * known[0][0] / known[0][2] * counted / units
            if abs(cost / a_unit - 1) > ALLOWED:
                wrong.append((number, worlds()[number], cell, cost, a_unit))
    assert not wrong, f"{len(wrong)}: " + "\n".join(map(str, wrong[:20]))
