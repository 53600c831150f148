"""What each mart needs, and what of it is missing, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ai_unit_economics.doctor.inputs import TOKEN_MEANINGS, Inputs

# A need says what is missing and what to do about it, or nothing.
Need = Callable[[Inputs], str | None]

HOSTED, SERVED = ("hosted",), ("inference", "embedding")


@dataclass(frozen=True)
class Verdict:
    mart: str
    state: str  # full, partial, empty
    missing: tuple[str, ...]


def bill(inputs: Inputs) -> str | None:
    """What has costs by deployment: some of them go by usage."""
    return "the build stops before costs: see above" if inputs.stops_usage else exports(inputs)


def readable(inputs: Inputs) -> str | None:
    return "the build stops before usage: see above" if inputs.stops_usage else None


def exports(inputs: Inputs) -> str | None:
    if inputs.stops_costs:
        return "the build stops before costs: see above"
    if inputs.sources:
        return None
    if inputs.in_folder("focus"):
        return "no file under focus/ is a FOCUS export that counts: see above"
    return "no bill: put FOCUS exports under focus/<source>/"


def deployments(inputs: Inputs) -> str | None:
    return None if inputs.deployments() else "no deployments: fill deployments.csv"


def cost_rules(inputs: Inputs) -> str | None:
    rules = inputs.seeds.get("cost_rules", [])
    named = {rule.get("source") or None for rule in rules}
    left_out = (
        [] if None in named and len(named) == 1 else [name for name in sorted(inputs.sources) if name not in named]
    )
    if not rules:
        return "no rules: without cost_rules.csv every charge is unallocated"
    return (
        f"cost_rules.csv has no rule for source {', '.join(left_out)}: most of it stays unallocated"
        if left_out
        else None
    )


def servers(inputs: Inputs) -> str | None:
    if not inputs.deployments(*SERVED):
        return None
    if not inputs.in_folder("telemetry/prometheus"):
        return "no server counters: put samples under telemetry/prometheus/"
    if not inputs.meanings & set(TOKEN_MEANINGS):
        known = ", ".join(sorted(inputs.unknown_metrics)[:3]) or "none"
        return f"no counter of tokens among the metrics (seen: {known}): metric_catalog.csv lists what counts"
    if not inputs.seeds.get("series_rules"):
        return "no rule says whose series are whose: fill series_rules.csv"
    return None


def of_no_known_shape(inputs: Inputs, folder: str) -> str | None:
    return f"no file under {folder}/ has a shape that is read: see above" if inputs.in_folder(folder) else None


def usage(inputs: Inputs) -> str | None:
    """Some meter counts for at least one deployment."""
    if stopped := readable(inputs):
        return stopped
    has_servers = bool(inputs.deployments(*SERVED)) and servers(inputs) is None
    has_training = bool(inputs.deployments("training")) and training(inputs) is None
    if has_servers or has_training or (inputs.deployments(*HOSTED) and hosted(inputs) is None):
        return None
    return "nothing counts usage: server counters, request rows, provider usage or training logs under telemetry/"


def telemetry(inputs: Inputs) -> str | None:
    return readable(inputs) or (None if any(inputs.shaped.values()) else "no telemetry: put it under telemetry/")


def hosted(inputs: Inputs) -> str | None:
    if not inputs.deployments(*HOSTED):
        return None
    seen = any(inputs.shaped.get(folder) for folder in ("telemetry/requests", "telemetry/provider_usage"))
    if seen or (inputs.seeds.get("sku_meters") and inputs.sources):
        return None
    return "hosted deployments are not counted: telemetry/provider_usage/, telemetry/requests/ or sku_meters.csv"


def training(inputs: Inputs) -> str | None:
    if not inputs.deployments("training"):
        return None
    if inputs.shaped.get("telemetry/training"):
        return None
    return of_no_known_shape(inputs, "telemetry/training") or "no training logs: put them under telemetry/training/"


def has_training(inputs: Inputs) -> str | None:
    return None if inputs.deployments("training") else "no deployment of kind training in deployments.csv"


def requests(inputs: Inputs) -> str | None:
    if inputs.shaped.get("telemetry/requests"):
        return None
    return (
        of_no_known_shape(inputs, "telemetry/requests")
        or "no request rows: tiers, geographies, users and sessions come from telemetry/requests/"
    )


def customers(inputs: Inputs) -> str | None:
    if not inputs.customer_columns:
        if any(entry.file.folder == "customers" for entry in inputs.entries):
            return "customers cannot be read: see above"
        return "no customers: put customers.csv or customers.parquet at the root"
    return None if "customer_tier" in inputs.customer_columns else "customers has no column customer_tier"


def tiers(inputs: Inputs) -> str | None:
    """The generic table names its customers in a column; the other shapes may, row by row."""
    missing = requests(inputs) or customers(inputs)
    if missing:
        return missing
    generic_only = {key for key in inputs.request_keys if key.startswith("(")} == {"(generic)"}
    if generic_only and "customer_id" not in inputs.request_keys:
        return "request rows have no customer_id: all usage is (unattributed) to a tier"
    return None


def users(inputs: Inputs) -> str | None:
    missing = requests(inputs)
    generic_only = {key for key in inputs.request_keys if key.startswith("(")} == {"(generic)"}
    if missing is None and generic_only and not inputs.request_keys & {"user_id", "session_id"}:
        return "request rows have no user_id or session_id: no cost per active user or session"
    return missing


def cached(inputs: Inputs) -> str | None:
    if servers(inputs) is None and inputs.deployments(*SERVED) and "cached_input_tokens" not in inputs.meanings:
        return "no counter of cached input tokens: all input of these servers counts as uncached"
    return None


def accelerators(inputs: Inputs) -> str | None:
    return None if inputs.seeds.get("capacity_pools") else "no capacity pools: idle cost needs capacity_pools.csv"


def seed(name: str, what: str) -> Need:
    def need(inputs: Inputs) -> str | None:
        return None if inputs.seeds.get(name) else f"{what}: fill {name}.csv"

    return need


def change_of_configuration(inputs: Inputs) -> str | None:
    periods = sorted((row.get("deployment_id", ""), row.get("valid_from", "")) for row in inputs.deployments())
    if any(earlier[0] == later[0] for earlier, later in pairwise(periods)):
        return None
    return "no change to judge: a change of release or lever is a second row of its deployment in deployments.csv"


# mart: what it cannot do without, and what it is less without
UNIT_COSTS = ((bill, deployments, usage), (cost_rules, servers, hosted, training, tiers, users, cached))
WORKLOADS = ((bill, deployments, usage), (cost_rules, servers, hosted, training))
RECORD_OF_BUILDS = ("fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness")
MARTS: dict[str, tuple[tuple[Need, ...], tuple[Need, ...]]] = {
    "fct_cost_reconciliation": ((bill,), ()),
    "fct_deployment_costs_daily": ((bill,), (deployments, cost_rules, accelerators)),
    "fct_spend_monthly": ((bill,), (deployments, cost_rules)),
    "fct_focus_allocated_costs": ((bill,), (deployments, cost_rules, accelerators)),
    "fct_focus_conformance": ((exports,), ()),
    "fct_cost_adjustments": ((exports,), ()),
    "fct_owner_statements_monthly": ((bill,), (seed("cost_owners", "nobody pays: all is (unowned)"),)),
    "fct_owner_adjustments": ((exports,), ()),
    "fct_telemetry_quality": ((telemetry,), ()),
    **dict.fromkeys(RECORD_OF_BUILDS, ((exports,), ())),
    "fct_undeclared_usage": ((telemetry,), (deployments,)),
    "fct_usage_daily": ((deployments, usage), (servers, hosted, training, tiers)),
    "fct_metering_audit": ((deployments, usage), (servers, requests, hosted)),
    "fct_unit_costs_daily": UNIT_COSTS,
    "fct_unit_economics_daily": UNIT_COSTS,
    "fct_unit_economics_weekly": UNIT_COSTS,
    "fct_unit_economics_monthly": UNIT_COSTS,
    "fct_deployment_efficiency_daily": ((deployments, readable, servers), (cached, accelerators)),
    "fct_training_costs": ((bill, has_training, training), (cost_rules,)),
    "fct_unit_margin": ((bill, deployments, usage, tiers, seed("price_book", "no prices charged")), ()),
    "fct_tier_margin": ((bill, deployments, usage, tiers, seed("price_book", "no prices charged")), ()),
    "fct_hosted_price_comparison": (
        (bill, deployments, usage, seed("hosted_alternatives", "no models to compare with")),
        (cost_rules, cached),
    ),
    "fct_target_status": ((bill, deployments, usage, seed("targets", "no targets")), (cost_rules, servers, hosted)),
    "fct_release_impact": ((bill, deployments, usage, change_of_configuration), (cost_rules, servers)),
    "fct_release_impact_daily": ((bill, deployments, usage, change_of_configuration), (cost_rules, servers)),
    "fct_lever_impact": ((bill, deployments, usage, change_of_configuration), (cost_rules, servers)),
    "fct_cost_per_unit_drivers": WORKLOADS,
    "fct_anomalies": WORKLOADS,
    "fct_unit_economics_forecast": WORKLOADS,
    "fct_forecast_accuracy": WORKLOADS,
    "fct_target_outlook": ((bill, deployments, usage, seed("targets", "no targets")), (cost_rules, servers, hosted)),
    "fct_budget_outlook": ((bill, deployments, seed("budgets", "no budgets")), (cost_rules,)),
    "fct_scaling_verdict": WORKLOADS,
    "fct_findings": ((bill,), (deployments, usage, cost_rules, servers, hosted, training, tiers)),
    "dim_customers": ((customers,), ()),
    "dim_dates": ((bill,), ()),
    "dim_deployments": ((deployments,), ()),
}
# Built from seeds alone: it says nothing about the user's data.
OF_SEEDS = {"dim_deployments"}


def verdicts(inputs: Inputs) -> list[Verdict]:
    return [verdict(mart, inputs) for mart in MARTS]


def verdict(mart: str, inputs: Inputs) -> Verdict:
    needs, wishes = MARTS[mart]
    # two needs may lack the same thing
    blocking = tuple(dict.fromkeys(missing for need in needs if (missing := need(inputs))))
    lacking = tuple(dict.fromkeys(missing for wish in wishes if (missing := wish(inputs))))
    return Verdict(mart, "empty" if blocking else "partial" if lacking else "full", blocking or lacking)


def anything_can_be_built(found: list[Verdict]) -> bool:
    return any(verdict.state != "empty" for verdict in found if verdict.mart not in OF_SEEDS)
