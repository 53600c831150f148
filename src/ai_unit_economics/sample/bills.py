"""The bills: FOCUS charge rows of AWS (hourly) and Azure (daily).

Costs are USD. EffectiveCost is amortised: what a commitment covers has BilledCost 0, its purchase EffectiveCost 0.
"""

import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.capacity import Capacity, Instance, reserved_nodes
from ai_unit_economics.sample.demand import ERROR, HOUR_MS, Requests, Window, to_ms

Row = dict[str, object]

FOCUS_1_0_COLUMNS = [
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
]
FOCUS_1_2_COLUMNS = sorted(
    [
        *FOCUS_1_0_COLUMNS,
        *[
            "CapacityReservationId",
            "CapacityReservationStatus",
            "CommitmentDiscountQuantity",
            "CommitmentDiscountUnit",
            "ServiceSubcategory",
            "SkuMeter",
            "SkuPriceDetails",
            "BillingAccountType",
            "InvoiceId",
            "PricingCurrency",
            "PricingCurrencyContractedUnitPrice",
            "PricingCurrencyEffectiveCost",
            "PricingCurrencyListUnitPrice",
            "SubAccountType",
        ],
    ]
)
AWS_COLUMNS = [*FOCUS_1_2_COLUMNS, "x_Discounts", "x_Operation", "x_ServiceCode"]
AZURE_COLUMNS = [
    *FOCUS_1_0_COLUMNS,
    *[
        "x_BillingAccountId",
        "x_BillingProfileId",
        "x_CostCenter",
        "x_InvoiceSectionName",
        "x_PricingSubcategory",
        "x_ResourceGroupName",
        "x_SkuMeterCategory",
        "x_SkuMeterName",
        "x_SkuTier",
    ],
]

EC2 = ("Compute", "Virtual Machines", "Amazon Elastic Compute Cloud", "AmazonEC2")
EBS = ("Storage", "Block Storage", "Amazon Elastic Compute Cloud", "AmazonEC2")
NETWORK = ("Networking", "Other (Networking)", "Amazon Elastic Compute Cloud", "AmazonEC2")
VPC = ("Networking", "Network Infrastructure", "Amazon Virtual Private Cloud", "AmazonVPC")
EKS = ("Compute", "Containers", "Amazon Elastic Container Service for Kubernetes", "AmazonEKS")
S3 = ("Storage", "Object Storage", "Amazon Simple Storage Service", "AmazonS3")
CLOUDWATCH = ("Management and Governance", "Observability", "AmazonCloudWatch", "AmazonCloudWatch")
PROMETHEUS = ("Management and Governance", "Observability", "Amazon Managed Service for Prometheus", "AmazonPrometheus")
OPENSEARCH = ("Analytics", "Search Analytics", "Amazon OpenSearch Service", "AmazonES")
ELASTICACHE = ("Databases", "Caching", "Amazon ElastiCache", "AmazonElastiCache")
REDSHIFT = ("Analytics", "Data Warehouses", "Amazon Redshift", "AmazonRedshift")
BEDROCK = ("AI and Machine Learning", "Generative AI", "Claude Sonnet 4.5 (Amazon Bedrock Edition)", "AmazonBedrock")
SAVINGS_PLANS = ("Compute", "Other (Compute)", "Savings Plans for AWS Compute usage", "ComputeSavingsPlans")
SUPPORT = ("Management and Governance", "Support", "AWS Support (Business)", "AWSSupportBusiness")
MARKETPLACE = ("AI and Machine Learning", "AI Platforms", "Inference Server Support", "AWSMarketplace")


def month_start(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months(window: Window) -> list[date]:
    """First days of the calendar months that the window touches."""
    return sorted({month_start(day) for day in window.dates})


def _money(value: float) -> float:
    return round(value, 10)


def _code(*parts: object, length: int = 16) -> str:
    """A stable identifier in capitals and digits, as SKUs look."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    text, code = "|".join(map(str, parts)), ""
    while len(code) < length:
        number = zlib.crc32(f"{text}{len(code)}".encode())
        code += "".join(alphabet[number >> shift & 31] for shift in range(0, 30, 5))
    return code[:length]


# ---------------------------------------------------------------------------------------------------------------------
# AWS
# ---------------------------------------------------------------------------------------------------------------------
class AwsBill:
    """Writes rows of the AWS export; `rows` are in the order in which they arose."""

    def __init__(self, capacity: Capacity, requests: dict[str, Requests], window: Window) -> None:
        self.capacity, self.requests, self.window = capacity, requests, window
        self.rng = window.rng("aws")
        self.rows: list[Row] = []
        self.size = max(window.scale, 1.0)

    def build(self) -> list[Row]:
        self._nodes()
        self._platform()
        self._bedrock()
        self._others()
        self._monthly()
        self.rows.sort(key=lambda row: (row["BillingPeriodStart"], row["ChargePeriodStart"]))
        return self.rows

    def _hour(self, hour: int) -> tuple[int, int]:
        start = self.window.start_ms + hour * HOUR_MS
        return start, start + HOUR_MS

    def _add(
        self,
        period: tuple[int, int],
        service: tuple[str, str, str, str],
        cost: float,
        *,
        quantity: float | None = None,
        unit: str | None = None,
        price: float | None = None,
        account: tuple[str, str] = (fleet.AWS_INFERENCE_ACCOUNT, "inference-production"),
        resource: str | None = None,
        kind: str | None = None,
        meter: str | None = None,
        operation: str | None = None,
        description: str = "",
        tags: dict[str, str] | None = None,
        **more: object,
    ) -> None:
        """One row; a plain usage charge unless `more` says otherwise."""
        billed_in = more.pop("billed_in", None) or month_start(date(1970, 1, 1) + timedelta(milliseconds=period[0]))
        category, subcategory, name, code = service
        sku = _code(code, meter or description)
        self.rows.append(
            {
                "AvailabilityZone": None,
                "BilledCost": cost,
                "BillingAccountId": fleet.AWS_PAYER,
                "BillingAccountName": "payer",
                "BillingAccountType": "Management",
                "BillingCurrency": "USD",
                "BillingPeriodStart": to_ms(billed_in),
                "BillingPeriodEnd": to_ms(next_month(billed_in)),
                "ChargeCategory": "Usage",
                "ChargeDescription": description,
                "ChargeFrequency": "Usage-Based",
                "ChargePeriodStart": period[0],
                "ChargePeriodEnd": period[1],
                "ConsumedQuantity": quantity,
                "ConsumedUnit": unit,
                "ContractedCost": cost,
                "ContractedUnitPrice": price,
                "EffectiveCost": cost,
                "InvoiceId": f"{billed_in:%Y%m}{zlib.crc32(f'{billed_in}'.encode()) % 10**8:08d}",
                "InvoiceIssuerName": "Amazon Web Services, Inc.",
                "ListCost": cost,
                "ListUnitPrice": price,
                "PricingCategory": "Standard",
                "PricingCurrency": "USD",
                "PricingCurrencyContractedUnitPrice": price,
                "PricingCurrencyListUnitPrice": price,
                "PricingQuantity": quantity,
                "PricingUnit": unit,
                "ProviderName": "AWS",
                "PublisherName": "AWS",
                "RegionId": fleet.AWS_REGION[0],
                "RegionName": fleet.AWS_REGION[1],
                "ResourceId": resource,
                "ResourceType": kind,
                "ServiceCategory": category,
                "ServiceName": name,
                "ServiceSubcategory": subcategory,
                "SkuId": sku,
                "SkuMeter": meter,
                "SkuPriceId": f"{sku}.JRTCKXETXF.6YS6EN2CT7",
                "SubAccountId": account[0],
                "SubAccountName": account[1],
                "SubAccountType": "Linked",
                "Tags": tags or {},
                "x_Discounts": {},
                "x_Operation": operation,
                "x_ServiceCode": code,
                **more,
            }
        )
        row = self.rows[-1]
        row["PricingCurrencyEffectiveCost"] = row["EffectiveCost"]

    # Nodes, and the commitments that cover them ---------------------------------------------------------------------
    def _nodes(self) -> None:
        by_hour: list[list[Instance]] = [[] for _ in range(self.window.hours)]
        for run in self.capacity.instances:
            if fleet.POOLS[run.pool_id].provider == "aws":
                for hour in range(run.start, run.end):
                    by_hour[hour].append(run)
        reserved_from = (to_ms(fleet.RESERVATION_STARTS) - self.window.start_ms) // HOUR_MS
        if 0 <= reserved_from < self.window.hours:
            self._reservation_purchase()
        for hour, running in enumerate(by_hour):
            h100 = sorted((run for run in running if run.pool_id == "aws-h100"), key=lambda run: run.index)
            l40s = sorted((run for run in running if run.pool_id == "aws-l40s"), key=lambda run: run.index)
            reserved = reserved_nodes(self.window) if hour >= reserved_from else 0
            for run in h100[:reserved]:
                self._reserved_node(hour, run)
            if reserved > len(h100):
                self._unused_reservation(hour, reserved - len(h100))
            self._savings_plan(hour, [*l40s, *h100[reserved:]])
            for run in [*h100, *l40s]:
                self._attached(hour, run)

    def _node(self, hour: int, run: Instance, quantity: float, cost: float, **more: object) -> None:
        pool = fleet.POOLS[run.pool_id]
        list_cost = _money(pool.on_demand * quantity)
        self._add(
            self._hour(hour),
            EC2,
            cost,
            quantity=quantity,
            unit="Hours",
            price=pool.on_demand,
            resource=run.instance_id,
            kind="Instance",
            meter=f"BoxUsage:{pool.instance_type}",
            operation="RunInstances",
            tags=self._node_tags(run.pool_id),
            AvailabilityZone=pool.zone,
            **{
                "ListCost": list_cost,
                "ContractedCost": list_cost,
                "SkuPriceDetails": {"InstanceType": pool.instance_type, "GpuCount": "1"},
                "description": f"${pool.on_demand} per On Demand Linux {pool.instance_type} Instance Hour",
                **more,
            },
        )

    @staticmethod
    def _node_tags(pool_id: str) -> dict[str, str]:
        return {
            "aws:eks:cluster-name": "use1-inference",
            "user:environment": "production",
            "user:pool": pool_id,
            "user:team": "ml-platform",
        }

    def _reservation_purchase(self) -> None:
        start = fleet.RESERVATION_STARTS
        nodes = reserved_nodes(self.window)
        price = _money(fleet.RESERVATION_PRICE * 8760 * nodes)
        self._add(
            (to_ms(start), to_ms(start + timedelta(days=365))),
            EC2,
            price,
            quantity=None,
            price=_money(price / nodes),
            resource=fleet.RESERVATION_ID,
            kind="Reserved Instance",
            meter="HeavyUsage:p5.4xlarge",
            operation="RunInstances",
            description=f"Sign up charge for subscription: {nodes} x p5.4xlarge, 1 year, All Upfront",
            ChargeCategory="Purchase",
            ChargeFrequency="One-Time",
            EffectiveCost=0.0,
            PricingQuantity=float(nodes),
            PricingUnit="Reservations",
            **self._reservation(None),
        )

    @staticmethod
    def _reservation(status: str | None, quantity: float | None = None) -> Row:
        return {
            "CommitmentDiscountCategory": "Usage",
            "CommitmentDiscountId": fleet.RESERVATION_ID,
            "CommitmentDiscountName": "p5-2026",
            "CommitmentDiscountQuantity": quantity,
            "CommitmentDiscountStatus": status,
            "CommitmentDiscountType": "Reserved Instance",
            "CommitmentDiscountUnit": "Hours" if quantity else None,
        }

    def _reserved_node(self, hour: int, run: Instance) -> None:
        self._node(
            hour,
            run,
            1.0,
            0.0,
            EffectiveCost=fleet.RESERVATION_PRICE,
            PricingCategory="Committed",
            description="USD 0.0 hourly fee per Linux/UNIX (Amazon VPC), p5.4xlarge instance",
            **self._reservation("Used", 1.0),
        )

    def _unused_reservation(self, hour: int, nodes: int) -> None:
        self._add(
            self._hour(hour),
            EC2,
            0.0,
            resource=fleet.RESERVATION_ID,
            kind="Reserved Instance",
            meter="HeavyUsage:p5.4xlarge",
            operation="RunInstances",
            description="p5.4xlarge reserved instance applied to no usage",
            EffectiveCost=_money(nodes * fleet.RESERVATION_PRICE),
            ContractedCost=0.0,
            ListCost=0.0,
            PricingCategory="Committed",
            **self._reservation("Unused", float(nodes)),
        )

    @staticmethod
    def _plan(status: str | None, quantity: float | None) -> Row:
        return {
            "CommitmentDiscountCategory": "Spend",
            "CommitmentDiscountId": fleet.SAVINGS_PLAN_ID,
            "CommitmentDiscountName": "compute-1y",
            "CommitmentDiscountQuantity": quantity,
            "CommitmentDiscountStatus": status,
            "CommitmentDiscountType": "Compute Savings Plan",
            "CommitmentDiscountUnit": "USD" if quantity else None,
        }

    def _savings_plan(self, hour: int, eligible: list[Instance]) -> None:
        """The commitment covers the nodes in order, the last one perhaps in part; the rest is on demand."""
        commitment = _money(fleet.SAVINGS_PLAN_COMMITMENT * self.size)
        self._add(
            self._hour(hour),
            SAVINGS_PLANS,
            commitment,
            resource=fleet.SAVINGS_PLAN_ID,
            kind="Savings Plan",
            meter="ComputeSP:1yrNoUpfront",
            description="1 year No Upfront Compute Savings Plan",
            account=(fleet.AWS_PAYER, "payer"),
            ChargeCategory="Purchase",
            ChargeFrequency="Recurring",
            EffectiveCost=0.0,
            PricingQuantity=1.0,
            PricingUnit="Hours",
            RegionId=None,
            RegionName=None,
            **self._plan(None, None),
        )
        left = commitment
        for run in eligible:
            pool = fleet.POOLS[run.pool_id]
            rate = pool.savings_plan or pool.on_demand
            share = 1.0 if left >= rate else round(left / rate, 6)
            if share > 0:
                spent = rate if share == 1.0 else left
                left = _money(left - spent)
                self._node(
                    hour,
                    run,
                    share,
                    0.0,
                    EffectiveCost=spent,
                    PricingCategory="Committed",
                    **self._plan("Used", spent),
                )
            if share < 1:
                rest = round(1 - share, 6)
                self._node(hour, run, rest, _money(rest * pool.on_demand))
        if left > 0:
            self._add(
                self._hour(hour),
                SAVINGS_PLANS,
                0.0,
                resource=fleet.SAVINGS_PLAN_ID,
                kind="Savings Plan",
                meter="ComputeSP:1yrNoUpfront",
                description="Unused commitment of 1 year No Upfront Compute Savings Plan",
                account=(fleet.AWS_PAYER, "payer"),
                EffectiveCost=left,
                PricingCategory="Committed",
                RegionId=None,
                RegionName=None,
                **self._plan("Unused", left),
            )

    def _attached(self, hour: int, run: Instance) -> None:
        """Disk and traffic of a node."""
        pool = fleet.POOLS[run.pool_id]
        tags = self._node_tags(run.pool_id)
        gigabyte_months = round(500 / 730, 8)
        self._add(
            self._hour(hour),
            EBS,
            _money(gigabyte_months * 0.08),
            quantity=gigabyte_months,
            unit="GB-Months",
            price=0.08,
            resource=f"vol-{run.instance_id[2:]}",
            kind="Volume",
            meter="EBS:VolumeUsage.gp3",
            operation="CreateVolume-Gp3",
            description="$0.08 per GB-month of General Purpose (gp3) provisioned storage",
            tags=tags,
            AvailabilityZone=pool.zone,
        )
        gigabytes = round(float(self.rng.gamma(2.0, 0.8)), 6)
        self._add(
            self._hour(hour),
            NETWORK,
            _money(gigabytes * 0.01),
            quantity=gigabytes,
            unit="GB",
            price=0.01,
            resource=run.instance_id,
            kind="Instance",
            meter="DataTransfer-Regional-Bytes",
            operation="InterZone-Out",
            description="$0.010 per GB - regional data transfer",
            tags=tags,
        )

    # Shared services --------------------------------------------------------------------------------------------------
    def _platform(self) -> None:
        gateway = {"user:shared-service": "gateway", "user:team": "ml-platform"}
        vectors = {"user:shared-service": "vector-store", "user:team": "search"}
        semantic_cache = {"user:deployment": "chat-large", "user:team": "chat"}
        for hour in range(self.window.hours):
            period = self._hour(hour)
            self._add(
                period, EKS, 0.10, quantity=1.0, unit="Hours", price=0.10, kind="Cluster", operation="CreateOperation",
                resource=f"arn:aws:eks:us-east-1:{fleet.AWS_INFERENCE_ACCOUNT}:cluster/use1-inference",
                meter="AmazonEKS-Hours:perCluster", description="Amazon EKS cluster usage in US East (N. Virginia)",
            )  # fmt: skip
            self._add(
                period, VPC, 0.045, quantity=1.0, unit="Hours", price=0.045, kind="NatGateway", resource="nat-0a1b2c3d",
                meter="NatGateway-Hours", operation="NatGateway", description="$0.045 per NAT Gateway Hour",
            )  # fmt: skip
            gigabytes = round(float(self.rng.gamma(3.0, 1.6)) * self.window.scale, 6)
            self._add(
                period, VPC, _money(gigabytes * 0.045), quantity=gigabytes, unit="GB", price=0.045, kind="NatGateway",
                resource="nat-0a1b2c3d", meter="NatGateway-Bytes", operation="NatGateway",
                description="$0.045 per GB Data Processed by NAT Gateways",
            )  # fmt: skip
            for number in range(max(1, round(2 * self.window.scale))):
                self._add(
                    period, EC2, 0.1785, quantity=1.0, unit="Hours", price=0.1785, kind="Instance",
                    resource=f"i-0gateway{number:08d}", meter="BoxUsage:c7i.xlarge", operation="RunInstances",
                    description="$0.1785 per On Demand Linux c7i.xlarge Instance Hour", tags=gateway,
                )  # fmt: skip
            for number in range(2):
                self._add(
                    period, OPENSEARCH, 0.167, quantity=1.0, unit="Hours", price=0.167, kind="Domain",
                    resource=f"arn:aws:es:us-east-1:{fleet.AWS_INFERENCE_ACCOUNT}:domain/vectors", tags=vectors,
                    meter="ESInstance:r7g.large", operation="ESDomain",
                    description=f"$0.167 per r7g.large.search instance hour, node {number}",
                )  # fmt: skip
            self._add(
                period, ELASTICACHE, 0.219, quantity=1.0, unit="Hours", price=0.219, kind="Cluster",
                resource=f"arn:aws:elasticache:us-east-1:{fleet.AWS_INFERENCE_ACCOUNT}:cluster:chat-sessions",
                meter="NodeUsage:cache.r7g.large", operation="CreateCacheCluster:0002", tags=semantic_cache,
                description="$0.219 per cache.r7g.large node hour running Valkey",
            )  # fmt: skip
        for day in self.window.dates:
            period = to_ms(day), to_ms(day + timedelta(days=1))
            gigabytes = round((1900 + 4.0 * (day - fleet.GROWTH_STARTS).days) / 30.4, 8)
            self._add(
                period, S3, _money(gigabytes * 0.023), quantity=gigabytes, unit="GB-Months", price=0.023, kind="Bucket",
                resource="inference-model-store", meter="TimedStorage-ByteHrs", operation="StandardStorage",
                description="$0.023 per GB - first 50 TB / month of storage used",
            )  # fmt: skip
            samples = round(float(self.rng.normal(95, 4)) * self.size, 6)
            self._add(
                period, PROMETHEUS, _money(samples * 0.09), quantity=samples, unit="1000000 Samples", price=0.09,
                resource=f"arn:aws:aps:us-east-1:{fleet.AWS_INFERENCE_ACCOUNT}:workspace/ws-inference",
                kind="Workspace", meter="AMP:MetricSampleCount", description="$0.90 per 10M samples ingested",
            )  # fmt: skip
            logs = round(float(self.rng.normal(14, 1.5)) * self.size, 6)
            self._add(
                period, CLOUDWATCH, _money(logs * 0.50), quantity=logs, unit="GB", price=0.50, kind="LogGroup",
                resource="/aws/containerinsights/use1-inference/application", meter="DataProcessing-Bytes",
                operation="PutLogEvents", description="$0.50 per GB custom log data ingested in Standard log class",
            )  # fmt: skip

    # A hosted model ---------------------------------------------------------------------------------------------------
    def _bedrock(self) -> None:
        for hour, tokens in enumerate(bedrock_tokens(self.requests["assistant-hosted"], self.window)):
            for name, (meter, price) in fleet.BEDROCK_METERS.items():
                if not tokens[name]:
                    continue
                thousands = tokens[name] / 1000
                self._add(
                    self._hour(hour), BEDROCK, _money(thousands * price), quantity=thousands, unit="1K tokens",
                    price=price, meter=meter, operation="InvokeModelInference", kind="Model",
                    resource="arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5",
                    description=f"${price} per 1K {name.replace('_', ' ')} tokens", PublisherName="Anthropic",
                )  # fmt: skip

    # What the rules exclude or miss, and one-time things --------------------------------------------------------------
    def _others(self) -> None:
        sandbox_from = (to_ms(fleet.SANDBOX_STARTS) - self.window.start_ms) // HOUR_MS
        for hour in range(self.window.hours):
            self._add(
                self._hour(hour), REDSHIFT, 1.086, quantity=1.0, unit="Hours", price=1.086, kind="Cluster",
                account=(fleet.AWS_ANALYTICS_ACCOUNT, "analytics"), meter="Node:ra3.xlplus", operation="RunComputeNode",
                resource=f"arn:aws:redshift:us-east-1:{fleet.AWS_ANALYTICS_ACCOUNT}:cluster:warehouse",
                description="$1.086 per Redshift ra3.xlplus Compute Node-hour", tags={"user:team": "analytics"},
            )  # fmt: skip
            if hour >= sandbox_from:
                self._add(
                    self._hour(hour), EC2, 1.006, quantity=1.0, unit="Hours", price=1.006, kind="Instance",
                    account=(fleet.AWS_SANDBOX_ACCOUNT, "dev-sandbox"), resource="i-0f0e0d0c0b0a09080",
                    meter="BoxUsage:g5.xlarge", operation="RunInstances",
                    description="$1.006 per On Demand Linux g5.xlarge Instance Hour",
                )  # fmt: skip
        on = fleet.SUPPORT_SUBSCRIPTION_ON
        if self.window.start <= on < self.window.end:
            self._add(
                (to_ms(on), to_ms(on + timedelta(days=1))), MARKETPLACE, fleet.SUPPORT_SUBSCRIPTION_COST,
                description="Inference server support subscription, 2026 Q3", price=fleet.SUPPORT_SUBSCRIPTION_COST,
                meter="Subscription", ChargeCategory="Purchase", ChargeFrequency="One-Time", PricingQuantity=1.0,
                PricingUnit="Subscriptions", PublisherName="Example Inference Ltd", RegionId=None, RegionName=None,
            )  # fmt: skip
        billed_in = fleet.CORRECTION_BILLED_IN
        if self.window.start <= fleet.CORRECTION_OF and billed_in < self.window.end:
            day = fleet.CORRECTION_OF
            self._add(
                (to_ms(day), to_ms(day + timedelta(days=1))), EC2, fleet.CORRECTION_AMOUNT, billed_in=billed_in,
                description="Correction of p5.4xlarge usage during the service event of 2026-07-14", kind="Instance",
                meter="BoxUsage:p5.4xlarge", operation="RunInstances", tags=self._node_tags("aws-h100"),
                ChargeClass="Correction", PricingQuantity=None,
            )  # fmt: skip

    def _monthly(self) -> None:
        """Support, tax and a credit; for a month that the window cuts, of what was billed so far."""
        usage = [row for row in self.rows if row["ChargeCategory"] == "Usage" and row.get("ChargeClass") is None]
        for month in months(self.window):
            first, last = max(month, self.window.start), min(next_month(month), self.window.end)
            period = to_ms(first), to_ms(last)
            billed = sum(float(row["EffectiveCost"]) for row in usage if row["BillingPeriodStart"] == to_ms(month))
            everywhere: Row = {"RegionId": None, "RegionName": None}
            self._add(
                period, SUPPORT, _money(round(billed * fleet.SUPPORT_RATE, 2)), meter="Dollar",
                account=(fleet.AWS_PAYER, "payer"), description="3% of monthly AWS usage", ChargeFrequency="Recurring",
                billed_in=month, **everywhere,
            )  # fmt: skip
            self._add(
                period, EC2, round(billed * fleet.TAX_RATE, 2), account=(fleet.AWS_PAYER, "payer"),
                description="Tax for product code AmazonEC2 usage type BoxUsage", ChargeCategory="Tax",
                PricingCategory=None, SkuId=None, SkuPriceId=None, billed_in=month, **everywhere,
            )  # fmt: skip
            share = (last - first).days / (next_month(month) - month).days
            self._add(
                period, EC2, round(fleet.CREDIT_PER_MONTH * share, 2), account=(fleet.AWS_PAYER, "payer"),
                description="AWS Activate credit", ChargeCategory="Credit", ChargeFrequency="One-Time",
                PricingCategory=None, SkuId=None, SkuPriceId=None, ContractedCost=0.0, ListCost=0.0, billed_in=month,
                **everywhere,
            )  # fmt: skip


def bedrock_tokens(requests: Requests, window: Window) -> list[dict[str, int]]:
    """Tokens by meter, for each hour of the window: all that reached the provider."""
    hour = (requests.ts - window.start_ms) // HOUR_MS
    seen = requests.server_count * (requests.status != ERROR)
    uncached = (requests.input_tokens - requests.cached_tokens) * seen
    written = (uncached * fleet.CACHE_WRITE_SHARE).astype(np.int64)
    parts = {
        "input": uncached - written,
        "cache_read": requests.cached_tokens * seen,
        "cache_write": written,
        "output": requests.output_tokens * seen,
        "requests": seen,
    }
    sums = {name: np.bincount(hour, amount, window.hours) for name, amount in parts.items()}
    return [{name: int(values[number]) for name, values in sums.items()} for number in range(window.hours)]


# ---------------------------------------------------------------------------------------------------------------------
# Azure
# ---------------------------------------------------------------------------------------------------------------------
def azure_rows(capacity: Capacity, window: Window) -> Iterator[Row]:
    """Daily rows. As Azure delivers them, resource ids are in lower case and tag keys have no prefix."""
    rng = window.rng("azure")
    pool = fleet.POOLS["azure-a100"]
    hours: dict[tuple[date, str], int] = {}
    for run in capacity.instances:
        if run.pool_id == pool.pool_id:
            for hour in range(run.start, run.end):
                key = window.dates[hour // 24], run.instance_id
                hours[key] = hours.get(key, 0) + 1
    group = fleet.AZURE_RESOURCE_GROUP.lower()
    prefix = f"/subscriptions/{fleet.AZURE_SUBSCRIPTION}/resourcegroups/{group}/providers"
    tags = {"pool": pool.pool_id, "team": "ml-platform", "aks-managed-cluster-name": "weu-batch"}
    for day, items in groupby(sorted(hours.items()), key=lambda item: item[0][0]):
        for (_, instance_id), count in items:
            resource = instance_id.lower()
            yield _azure_row(
                day, float(count), "Hours", pool.on_demand, "1 Hour", resource, "Virtual Machine", "Compute",
                "Virtual Machines", "NC24ads A100 v4", "Standard", tags,
            )  # fmt: skip
            yield _azure_row(
                day, round(count / 730, 8), "Units/Month", 38.40, "1/Month", f"{resource}-osdisk", "Disk", "Storage",
                "Virtual Machines", "P20 LRS Disk", "Premium SSD Managed Disks", tags,
            )  # fmt: skip
    cluster = f"{prefix}/microsoft.containerservice/managedclusters/weu-batch"
    for day in window.dates:
        traffic = round(float(rng.gamma(2.0, 1.5)), 6)
        logs = round(float(rng.normal(2.4, 0.3)), 6)
        yield _azure_row(
            day, 24.0, "Hours", 0.10, "1 Hour", cluster, "Kubernetes service", "Compute", "Azure Kubernetes Service",
            "Standard Uptime SLA", "Standard", {},
        )  # fmt: skip
        yield _azure_row(
            day, 24.0, "Hours", 0.025, "1 Hour", f"{prefix}/microsoft.network/loadbalancers/kubernetes",
            "Load balancer", "Networking", "Load Balancer", "Standard Included LB Rules", "Standard", {},
        )  # fmt: skip
        yield _azure_row(
            day, traffic, "GB", 0.087, "1 GB", cluster, "Kubernetes service", "Networking", "Bandwidth",
            "Standard Data Transfer Out", "Standard", {},
        )  # fmt: skip
        yield _azure_row(
            day, logs, "GB", 2.76, "1 GB", f"{prefix}/microsoft.operationalinsights/workspaces/weu-batch",
            "Log Analytics workspace", "Management and Governance", "Azure Monitor", "Pay-as-you-go Data Ingestion",
            "Analytics", {},
        )  # fmt: skip


def _azure_row(
    day: date,
    quantity: float,
    unit: str,
    price: float,
    pricing_unit: str,
    resource: str,
    kind: str,
    category: str,
    service: str,
    meter: str,
    tier: str,
    tags: dict[str, str],
) -> Row:
    cost = _money(quantity * price)
    account = "/providers/microsoft.billing/billingaccounts/9c1f2e60:2d4b8c11_2019-05-31"
    profile = f"{account}/billingprofiles/abcd-efgh-bg7-pgb"
    return {
        "BilledCost": cost,
        "BillingAccountId": profile,
        "BillingAccountName": "AI Platform",
        "BillingCurrency": "USD",
        "BillingPeriodStart": month_start(day),
        "BillingPeriodEnd": next_month(day),
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{service} - {meter}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": day,
        "ChargePeriodEnd": day + timedelta(days=1),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "ContractedCost": cost,
        "ContractedUnitPrice": price,
        "EffectiveCost": cost,
        "InvoiceIssuerName": "Microsoft",
        "ListCost": cost,
        "ListUnitPrice": price,
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": pricing_unit,
        "ProviderName": "Microsoft",
        "PublisherName": "Microsoft",
        "RegionId": "westeurope",
        "RegionName": "West Europe",
        "ResourceId": resource,
        "ResourceName": resource.rsplit("/", 1)[-1],
        "ResourceType": kind,
        "ServiceCategory": category,
        "ServiceName": service,
        "SkuId": _code(meter, length=12),
        "SkuPriceId": f"{_code(meter, length=12)}_{_code(tier, length=4)}",
        "SubAccountId": f"/subscriptions/{fleet.AZURE_SUBSCRIPTION}",
        "SubAccountName": "batch-production",
        "Tags": tags,
        "x_BillingAccountId": account.rsplit("/", 1)[-1],
        "x_BillingProfileId": profile.rsplit("/", 1)[-1],
        "x_InvoiceSectionName": "ml-platform",
        "x_ResourceGroupName": fleet.AZURE_RESOURCE_GROUP.lower(),
        "x_SkuMeterCategory": service,
        "x_SkuMeterName": meter,
        "x_SkuTier": tier,
    }
