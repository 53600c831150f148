"""Who asks for what, when: customers, and the requests of each deployment.

Everything is an array with one element a request, sorted by time; nothing is written here.
"""

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.fleet import Deployment

OK, ERROR, ABORTED = 0, 1, 2
STATUSES = ("ok", "error", "aborted")
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Window:
    """The days to generate: `days` of them from `start`, at `scale`, from `seed`."""

    start: date
    days: int
    scale: float
    seed: int

    @property
    def end(self) -> date:
        return self.start + timedelta(days=self.days)

    @property
    def dates(self) -> list[date]:
        return [self.start + timedelta(days=i) for i in range(self.days)]

    @property
    def start_ms(self) -> int:
        return to_ms(self.start)

    @property
    def end_ms(self) -> int:
        return to_ms(self.end)

    @property
    def hours(self) -> int:
        return self.days * 24

    def rng(self, *names: object) -> np.random.Generator:
        """A generator of its own for each purpose, so that one part can change without moving the others."""
        return np.random.default_rng([self.seed, *(zlib.crc32(str(name).encode()) for name in names)])


def to_ms(moment: date | datetime) -> int:
    """Milliseconds since 1970 of a UTC date or naive UTC datetime."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True)
class Customers:
    """One element a customer; `periods` are the rows of the customers file."""

    ids: list[str]
    geography: np.ndarray  # index into GEOGRAPHIES
    first_tier: np.ndarray  # index into TIERS, before any change
    weight: np.ndarray  # share of the tier's traffic, before normalising
    periods: list[tuple[str, str, str, date | None, date | None]]

    def tier_on(self, day: date) -> np.ndarray:
        """Tier index of every customer on a day."""
        tiers = self.first_tier.copy()
        for number, tier, on in fleet.TIER_CHANGES:
            if day >= on:
                tiers[number] = fleet.TIERS.index(tier)
        return tiers


def make_customers(window: Window) -> Customers:
    rng = window.rng("customers")
    tiers = np.repeat(np.arange(4), [fleet.CUSTOMERS_PER_TIER[tier] for tier in fleet.TIERS])
    count = len(tiers)
    ids = [f"cus-{number:04d}" for number in range(count)]
    geography = rng.choice(3, size=count, p=fleet.GEOGRAPHY_SHARES)
    rank = np.concatenate([np.arange(1, n + 1) for n in fleet.CUSTOMERS_PER_TIER.values()])
    weight = rank**-0.7 * rng.lognormal(0, 0.3, count)
    changes = {number: (tier, on) for number, tier, on in fleet.TIER_CHANGES}
    periods = []
    for number, customer_id in enumerate(ids):
        where = fleet.GEOGRAPHIES[geography[number]]
        first = fleet.TIERS[tiers[number]]
        if number in changes:
            tier, on = changes[number]
            periods.append((customer_id, first, where, None, on))
            periods.append((customer_id, tier, where, on, None))
        else:
            periods.append((customer_id, first, where, None, None))
    return Customers(ids, geography, tiers, weight, periods)


@dataclass(frozen=True)
class Requests:
    """The requests of one deployment. Input tokens include the cached ones; -1 is unknown."""

    ts: np.ndarray  # int64, ms
    customer: np.ndarray  # int16
    user: np.ndarray  # int32, number within the customer
    geography: np.ndarray  # int8
    input_tokens: np.ndarray  # int32
    cached_tokens: np.ndarray  # int32
    output_tokens: np.ndarray  # int32
    status: np.ndarray  # int8, index into STATUSES
    in_gateway: np.ndarray  # bool: the gateway has a row
    server_count: np.ndarray  # int8: how often the server saw it

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, index: np.ndarray) -> "Requests":
        return Requests(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def requests_on(deployment: Deployment, day: date, window: Window) -> float:
    """Expected requests of a day at the window's scale: growth and weekday shape."""
    weeks = (day - fleet.GROWTH_STARTS).days / 7
    weekday = deployment.weekend if day.weekday() >= 5 else (1.0, 1.06, 1.05, 1.02, 0.92)[day.weekday()]
    return deployment.requests_per_day * window.scale * fleet.WEEKLY_GROWTH**weeks * weekday


def _time_of_day(rng: np.random.Generator, deployment: Deployment, geography: np.ndarray) -> np.ndarray:
    """Milliseconds into the day (past it for hours that run over midnight)."""
    opens, length = deployment.hours
    if length < 24:
        return (opens * HOUR_MS + rng.random(len(geography)) * length * HOUR_MS).astype(np.int64)
    moment = np.empty(len(geography))
    edges = np.arange(97) / 4
    for number, name in enumerate(fleet.GEOGRAPHIES):
        density = np.maximum(0.16, 1 + 0.9 * np.cos((edges[:-1] + 0.125 - fleet.PEAK_HOURS[name]) * np.pi / 12))
        cumulated = np.concatenate([[0], np.cumsum(density) / density.sum()])
        mine = geography == number
        moment[mine] = np.interp(rng.random(mine.sum()), cumulated, edges)
    return (moment * HOUR_MS).astype(np.int64)


def make_requests(deployment: Deployment, customers: Customers, window: Window) -> Requests:
    """Draw the requests of a deployment, day by day, so that a longer window begins with the same days."""
    days = [_requests_of_day(deployment, customers, window, day) for day in window.dates]
    columns = [np.concatenate([getattr(day, name) for day in days]) for name in Requests.__dataclass_fields__]
    drawn = Requests(*columns)
    drawn = drawn.take(np.argsort(drawn.ts, kind="stable"))
    return drawn.take(np.flatnonzero(drawn.ts < window.end_ms))


def _requests_of_day(deployment: Deployment, customers: Customers, window: Window, day: date) -> Requests:
    rng = window.rng("requests", deployment.deployment_id, day)
    expected = requests_on(deployment, day, window) * rng.lognormal(0, 0.03)
    from_gateway = int(rng.poisson(expected))
    direct = int(rng.poisson(expected * fleet.DIRECT_TRAFFIC_SHARE))
    count = from_gateway + direct
    in_gateway = np.arange(count) < from_gateway

    # Weighted by tier share times the customer's weight within the tier; shares follow today's tier.
    tiers_today = customers.tier_on(day)
    weight = customers.weight.copy()
    for tier in range(4):
        mine = tiers_today == tier
        weight[mine] *= deployment.tier_shares[tier] / weight[mine].sum()
    customer = rng.choice(len(customers.ids), size=count, p=weight / weight.sum()).astype(np.int16)
    tier = tiers_today[customer]
    geography = customers.geography[customer].astype(np.int8)
    travelling = rng.random(count) < 0.03
    geography[travelling] = rng.integers(0, 3, travelling.sum())
    ts = to_ms(day) + _time_of_day(rng, deployment, geography)

    mixes = [fleet.TOKEN_MIX[name] for name in fleet.TIERS]
    tongue = np.array([fleet.GEOGRAPHY_TOKENS[name] for name in fleet.GEOGRAPHIES])[geography]
    sigma = deployment.token_sigma
    input_tokens = (
        deployment.input_tokens
        * np.array([mix.input for mix in mixes])[tier]
        * tongue
        * rng.lognormal(-sigma * sigma / 2, sigma, count)
    ).astype(np.int32) + 8
    output_tokens = (
        deployment.output_tokens
        * np.array([mix.output for mix in mixes])[tier]
        * tongue
        * rng.lognormal(-sigma * sigma / 2, sigma, count)
    ).astype(np.int32) + (1 if deployment.output_tokens else 0)
    if deployment.prefix_caching:
        share = np.array([mix.cached_share for mix in mixes])[tier] * rng.beta(5, 1.2, count) * 1.2
        # vLLM caches whole blocks of 16 tokens, and never the last one.
        cached_tokens = ((input_tokens - 1) * np.minimum(share, 0.97)).astype(np.int32) // 16 * 16
    else:
        cached_tokens = np.zeros(count, np.int32)

    draw = rng.random(count)
    status = np.where(draw < fleet.ERROR_SHARE, ERROR, np.where(draw > 1 - fleet.ABORT_SHARE, ABORTED, OK))
    status = np.where(in_gateway, status, OK).astype(np.int8)
    aborted = status == ABORTED
    output_tokens[aborted] = (output_tokens[aborted] * rng.random(aborted.sum())).astype(np.int32)
    failed = status == ERROR
    for tokens in (input_tokens, cached_tokens, output_tokens):
        tokens[failed] = 0
    fate = rng.random(count)
    server_count = np.where(in_gateway & (fate < fleet.RETRY_SHARE), 2, 1)
    server_count = np.where(in_gateway & (fate > 1 - fleet.GATEWAY_CACHE_SHARE), 0, server_count)
    server_count = np.where(failed, 0, server_count).astype(np.int8)

    users = np.array([fleet.USERS_PER_CUSTOMER[name] for name in fleet.TIERS])[tiers_today[customer]]
    user = (users * rng.random(count) ** 1.5).astype(np.int32)
    user[rng.random(count) < 0.05] = -1
    anonymous = (rng.random(count) < fleet.ANONYMOUS_SHARE) | ~in_gateway | deployment.internal
    customer[anonymous] = -1
    user[anonymous] = -1
    geography[~in_gateway | deployment.internal] = -1
    return Requests(
        ts, customer, user, geography, input_tokens, cached_tokens, output_tokens, status, in_gateway, server_count
    )
