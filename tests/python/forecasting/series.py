"""Series whose making is known: what a test expects of them follows from the arguments."""

from datetime import date

import numpy as np

from ai_unit_economics.forecasting.outlook import History

START = date(2026, 1, 5)  # a Monday
WEEKDAYS = np.array([1.1, 1.15, 1.1, 1.05, 1.0, 0.8, 0.8])


def grown(
    days: int = 120,
    growth: float = 0.02,
    elasticity: float = 1.0,
    noise: float = 0.03,
    wander: float = 0.0,
    seed: int = 1,
    unit: str = "request",
    workload: str = "chat",
) -> History:
    """Usage that grows by `growth` a week with weekdays, and cost = usage ** elasticity, each with its noise."""
    rng = np.random.default_rng(seed)
    day = np.arange(days)
    wandering = np.cumsum(rng.normal(0, wander, days))
    trend = 1000 * (1 + growth) ** (day / 7) * WEEKDAYS[day % 7] * np.exp(wandering)
    usage = trend * rng.lognormal(0, noise, days)
    cost = trend**elasticity * rng.lognormal(0, noise, days)
    return History("production", workload, unit, START, usage, cost)
