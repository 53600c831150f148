"""Forecasts of usage, cost and cost per unit, and the verdict on how cost scales with usage.

`models` forecasts one series, `backtest` compares the models at past origins, `spread` says how far off they were,
`outlook` puts the three together for one workload and unit. docs/forecasting.md says why.
"""
