"""The fleet, declared: deployments, pools, prices, and everything that is planted to be found again.

Units: tokens and accelerator-seconds unless a name says otherwise; prices in USD an hour; all times are UTC.
The configuration seeds (`seeds/config`) describe the same fleet: change both together.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

# ---------------------------------------------------------------------------------------------------------------------
# Planted effects. Dates are absolute: a range that does not reach them does not show them.
# ---------------------------------------------------------------------------------------------------------------------
GROWTH_STARTS = date(2026, 7, 1)
WEEKLY_GROWTH = 1.02

CHAT_LARGE_INNOCENT_RELEASE = date(2026, 7, 20)  # 2026.7.2: a rollout and nothing else
CHAT_LARGE_FP8 = date(2026, 8, 10)
CHAT_LARGE_FP8_THROUGHPUT = 1.35  # tokens per accelerator-second, against BF16
STAGING_FP8 = date(2026, 7, 27)

CHAT_SMALL_H100 = date(2026, 8, 24)
CHAT_SMALL_H100_THROUGHPUT = 3.2  # against L40S

CODE_REGRESSION = date(2026, 9, 7)  # release 2026.9.1
CODE_REGRESSION_THROUGHPUT = 0.88  # 12 % fewer tokens per accelerator-second

DOCS_INNOCENT_RELEASE = date(2026, 8, 17)  # 2026.8.1

RESERVATION_STARTS = date(2026, 7, 10)  # one year, all upfront
RESERVED_NODES = 3
NODE_OUTAGE = (datetime(2026, 7, 12, 1), datetime(2026, 7, 12, 9))  # reserved node down: Unused rows
NODE_OUTAGE_INDEX = 2

SUPPORT_SUBSCRIPTION_ON = date(2026, 7, 1)  # a one-time charge that seeds/config/amortization_schedules.csv spreads
SUPPORT_SUBSCRIPTION_COST = 2760.00
SANDBOX_STARTS = date(2026, 7, 4)  # a forgotten machine that no rule matches
CORRECTION_BILLED_IN = date(2026, 9, 1)  # a late correction of a July charge
CORRECTION_OF = date(2026, 7, 14)
CORRECTION_AMOUNT = -38.40
CREDIT_PER_MONTH = -250.00
TAX_RATE = 0.02
SUPPORT_RATE = 0.03

HA_ENDS = date(2026, 7, 12)  # chat-small is scraped by two Prometheus replicas before


@dataclass(frozen=True)
class Gap:
    """No scrapes in [starts, ends); `replica` limits it to one of an HA pair."""

    deployment_id: str
    starts: datetime
    ends: datetime
    replica: str | None = None


@dataclass(frozen=True)
class Restart:
    """The server process of the pod in `slot` dies at `at` and answers scrapes again `down_seconds` later, from 0."""

    deployment_id: str
    at: datetime
    down_seconds: int
    slot: int = 0


SCRAPE_GAPS = (
    Gap("chat-large", datetime(2026, 7, 2, 14, 10), datetime(2026, 7, 2, 14, 50)),
    Gap("code-assist", datetime(2026, 7, 2, 23, 40), datetime(2026, 7, 3, 0, 25)),  # over midnight
    Gap("chat-small", datetime(2026, 7, 3, 9, 0), datetime(2026, 7, 3, 11, 30), "a"),
    Gap("chat-small", datetime(2026, 7, 5, 16, 0), datetime(2026, 7, 5, 16, 20), "b"),
    Gap("chat-large", datetime(2026, 8, 27, 5, 30), datetime(2026, 8, 27, 6, 45)),
    Gap("docs-search", datetime(2026, 9, 14, 8, 0), datetime(2026, 9, 14, 13, 0)),  # below 90 % coverage that day
)

RESTARTS = (
    Restart("chat-large", datetime(2026, 7, 2, 10, 17, 20), 75),
    Restart("docs-search", datetime(2026, 7, 3, 3, 41, 5), 8),  # between two scrapes: the value just falls
    Restart("chat-small", datetime(2026, 7, 4, 20, 2, 50), 95),
    Restart("code-assist", datetime(2026, 7, 16, 15, 33, 12), 80),
    Restart("summarize-batch", datetime(2026, 7, 2, 22, 15, 40), 120),
    Restart("chat-large", datetime(2026, 8, 14, 0, 0, 10), 70),  # at midnight
    Restart("chat-small", datetime(2026, 9, 2, 12, 20, 0), 90),
    Restart("docs-search", datetime(2026, 9, 21, 7, 7, 7), 60),
)

# What the gateway and the server see differently, as shares of the gateway's requests.
DIRECT_TRAFFIC_SHARE = 0.010  # health checks and evaluations go to the server directly
RETRY_SHARE = 0.003  # sent twice by the gateway, counted twice by the server
GATEWAY_CACHE_SHARE = 0.002  # answered by the gateway's own cache
ERROR_SHARE = 0.006  # refused before the server
ABORT_SHARE = 0.008  # the client went away; the server counted what it had made
ANONYMOUS_SHARE = 0.01  # no customer_id

# ---------------------------------------------------------------------------------------------------------------------
# Customers
# ---------------------------------------------------------------------------------------------------------------------
TIERS = ("enterprise", "business", "pro", "free")
GEOGRAPHIES = ("us", "eu", "apac")
CUSTOMERS_PER_TIER = {"enterprise": 24, "business": 80, "pro": 120, "free": 176}
USERS_PER_CUSTOMER = {"enterprise": 180, "business": 25, "pro": 2, "free": 1}
GEOGRAPHY_SHARES = (0.50, 0.32, 0.18)
PEAK_HOURS = {"us": 19.0, "eu": 13.0, "apac": 5.0}
# customer number, new tier, on
TIER_CHANGES = (
    (30, "enterprise", date(2026, 7, 8)),
    (45, "enterprise", date(2026, 8, 1)),
    (110, "business", date(2026, 7, 3)),
    (140, "business", date(2026, 8, 15)),
    (150, "free", date(2026, 9, 1)),
    (230, "pro", date(2026, 7, 10)),
    (300, "pro", date(2026, 8, 20)),
    (390, "pro", date(2026, 9, 10)),
)


@dataclass(frozen=True)
class TokenMix:
    """How a tier's requests differ from the deployment's mean."""

    input: float
    output: float
    cached_share: float


TOKEN_MIX = {
    "enterprise": TokenMix(2.0, 1.10, 0.62),
    "business": TokenMix(1.2, 1.05, 0.42),
    "pro": TokenMix(0.9, 1.05, 0.28),
    "free": TokenMix(0.4, 0.80, 0.08),
}
# Prompts in other languages take more tokens.
GEOGRAPHY_TOKENS = {"us": 1.0, "eu": 1.08, "apac": 1.22}


# ---------------------------------------------------------------------------------------------------------------------
# Deployments
# ---------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rates:
    """Tokens a second that one accelerator serves, from a day on; a cached token costs `cached_weight` of one."""

    valid_from: date
    pool_id: str
    prefill: float
    decode: float
    cached_weight: float = 0.05


ALWAYS = date.min


@dataclass(frozen=True)
class Deployment:
    """One deployment: its traffic at scale 1 on 2026-07-01, its shape and how it scales."""

    deployment_id: str
    namespace: str
    model_name: str
    requests_per_day: float
    input_tokens: float
    output_tokens: float
    tier_shares: tuple[float, float, float, float]
    weekend: float  # traffic of a weekend day against a weekday
    rates: tuple[Rates, ...] = ()
    cluster: str = "use1-inference"
    target_utilization: float = 0.6
    prefix_caching: bool = True
    speculation: tuple[int, int] | None = None  # tokens drafted and accepted for every ten of output
    stateful: bool = False  # a StatefulSet keeps its pods' names, so that a new pod continues an old series
    hours: tuple[int, int] = (0, 24)  # open from, for so many hours (may run past midnight)
    weekdays_only: bool = False
    rollouts: tuple[date, ...] = ()
    internal: bool = False  # no customers
    decode_speed: float = 40.0  # tokens a second that one user sees
    token_sigma: float = 0.6
    server: str = "vllm"  # or tei, which embeds
    extra_labels: dict[str, str] = field(default_factory=dict)


DEPLOYMENTS = (
    Deployment(
        deployment_id="chat-large",
        namespace="chat",
        model_name="qwen3-32b",
        requests_per_day=11_000,
        input_tokens=2600,
        output_tokens=2300,
        tier_shares=(0.30, 0.32, 0.24, 0.14),
        weekend=0.62,
        rates=(
            Rates(ALWAYS, "aws-h100", 6500, 380),
            Rates(CHAT_LARGE_FP8, "aws-h100", 6500 * CHAT_LARGE_FP8_THROUGHPUT, 380 * CHAT_LARGE_FP8_THROUGHPUT),
        ),
        target_utilization=0.62,
        rollouts=(CHAT_LARGE_INNOCENT_RELEASE, CHAT_LARGE_FP8),
    ),
    Deployment(
        deployment_id="chat-small",
        namespace="chat",
        model_name="llama-3.1-8b",
        requests_per_day=19_000,
        input_tokens=1400,
        output_tokens=1150,
        tier_shares=(0.08, 0.20, 0.27, 0.45),
        weekend=0.78,
        rates=(
            Rates(ALWAYS, "aws-l40s", 5000, 300),
            Rates(CHAT_SMALL_H100, "aws-h100", 5000 * CHAT_SMALL_H100_THROUGHPUT, 300 * CHAT_SMALL_H100_THROUGHPUT),
        ),
        target_utilization=0.60,
        rollouts=(CHAT_SMALL_H100,),
    ),
    Deployment(
        deployment_id="code-assist",
        namespace="code",
        model_name="qwen2.5-coder-32b",
        requests_per_day=9_500,
        input_tokens=9500,
        output_tokens=1500,
        tier_shares=(0.46, 0.32, 0.17, 0.05),
        weekend=0.45,
        rates=(
            Rates(ALWAYS, "aws-h100", 7000, 300),
            Rates(CODE_REGRESSION, "aws-h100", 7000 * CODE_REGRESSION_THROUGHPUT, 300 * CODE_REGRESSION_THROUGHPUT),
        ),
        target_utilization=0.58,
        stateful=True,
        rollouts=(CODE_REGRESSION,),
        speculation=(7, 4),
    ),
    Deployment(
        deployment_id="docs-search",
        namespace="search",
        model_name="bge-m3",
        requests_per_day=3_000,
        input_tokens=52_000,  # a document or two, cut into passages
        output_tokens=0,
        tier_shares=(0.55, 0.30, 0.10, 0.05),
        weekend=0.55,
        rates=(Rates(ALWAYS, "aws-l40s", 9000, 1),),
        prefix_caching=False,
        rollouts=(DOCS_INNOCENT_RELEASE,),
        server="tei",
    ),
    Deployment(
        deployment_id="summarize-batch",
        namespace="summarize",
        model_name="mistral-small-3.2-24b",
        requests_per_day=3_200,
        input_tokens=6200,
        output_tokens=720,
        tier_shares=(0.40, 0.45, 0.12, 0.03),
        weekend=0.0,
        rates=(Rates(ALWAYS, "azure-a100", 4200, 380, 0.0),),
        cluster="weu-batch",
        prefix_caching=False,
        hours=(20, 8),
        weekdays_only=True,
        extra_labels={"deployment": "summarize-batch"},
    ),
    Deployment(
        deployment_id="chat-large-staging",
        namespace="staging",
        model_name="qwen3-32b",
        requests_per_day=160,
        input_tokens=1800,
        output_tokens=1500,
        tier_shares=(0.25, 0.25, 0.25, 0.25),
        weekend=0.0,
        rates=(
            Rates(ALWAYS, "aws-h100", 6500, 380),
            Rates(STAGING_FP8, "aws-h100", 6500 * CHAT_LARGE_FP8_THROUGHPUT, 380 * CHAT_LARGE_FP8_THROUGHPUT),
        ),
        hours=(13, 4),
        weekdays_only=True,
        internal=True,
    ),
    Deployment(
        deployment_id="assistant-hosted",
        namespace="",
        model_name="claude-sonnet-4-5",
        requests_per_day=1_200,
        input_tokens=3000,
        output_tokens=550,
        tier_shares=(0.60, 0.30, 0.10, 0.0),
        weekend=0.5,
    ),
)

PASSAGE_TOKENS = 512  # of each text that is embedded, but the last of a call

TRAINING_ID = "sft-weekly"
TRAINING_PODS = 2
TRAINING_HOURS = (6, 14)  # Saturdays, from 06:00 for 14 hours
TRAINING_FAILS_AT = 0.4  # the first attempt dies there, every run
TRAINING_RESUMES_AT = 0.35  # the checkpoint
TRAINING_STEPS = 1400
TRAINING_TOKENS_PER_STEP = 131_072


# ---------------------------------------------------------------------------------------------------------------------
# Pools and prices
# ---------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Pool:
    """Nodes of one kind, one accelerator each."""

    pool_id: str
    provider: str
    instance_type: str
    accelerator: str
    zone: str
    on_demand: float
    savings_plan: float | None = None


POOLS = {
    "aws-h100": Pool("aws-h100", "aws", "p5.4xlarge", "h100", "us-east-1a", 4.326, 3.110),
    "aws-l40s": Pool("aws-l40s", "aws", "g6e.xlarge", "l40s", "us-east-1b", 1.861, 1.284),
    "azure-a100": Pool("azure-a100", "azure", "Standard_NC24ads_A100_v4", "a100", "westeurope-1", 3.673),
}
RESERVATION_PRICE = 2.90  # an hour and node; times 8760 hours and RESERVED_NODES is the upfront price
SAVINGS_PLAN_COMMITMENT = 3.20  # an hour, at scale 1

AWS_PAYER = "111122223333"
AWS_INFERENCE_ACCOUNT = "222233334444"
AWS_ANALYTICS_ACCOUNT = "444455556666"  # excluded by a cost rule
AWS_SANDBOX_ACCOUNT = "777788889999"  # matched by none
AWS_REGION = ("us-east-1", "US East (N. Virginia)")
RESERVATION_ID = (
    f"arn:aws:ec2:us-east-1:{AWS_INFERENCE_ACCOUNT}:reserved-instances/3f1c0c52-8d1e-4b6c-9a57-5d0f0d6b7e21"
)
SAVINGS_PLAN_ID = f"arn:aws:savingsplans::{AWS_PAYER}:savingsplan/7be2c1f0-64c7-4a53-8f5e-0d2f9f1a6c33"
AZURE_SUBSCRIPTION = "5d0a7c1e-3f42-4a7b-9c55-2b6f0f0c9d11"
AZURE_RESOURCE_GROUP = "MC_batch_weu-batch_westeurope"

# Amazon Bedrock, USD per 1,000 tokens.
BEDROCK_METERS = {
    "input": ("USE1-ClaudeSonnet4.5-input-tokens", 0.003),
    "cache_read": ("USE1-ClaudeSonnet4.5-cache-read-input-token-count", 0.0003),
    "cache_write": ("USE1-ClaudeSonnet4.5-cache-write-input-token-count", 0.00375),
    "output": ("USE1-ClaudeSonnet4.5-output-tokens", 0.015),
}
CACHE_WRITE_SHARE = 0.08  # of the uncached prompt

SCRAPE_SECONDS = 30
EXPORTER_SECONDS = 60  # kube-state-metrics and DCGM
NODE_INFO_SECONDS = 120  # kube_node_info hardly changes; its export is thinned
SYSTEM_NODES = {  # cluster and provider_id of the node that kube-state-metrics runs on
    "aws": ("use1-inference", "aws:///us-east-1a/i-0f00d5c0ffee5e001"),
    "azure": ("weu-batch", "azure:///virtualMachines/aks-system-0"),
}
