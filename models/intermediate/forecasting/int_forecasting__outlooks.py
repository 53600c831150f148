from ai_unit_economics.forecasting.tables import forecast_series


def model(dbt, session):
    return forecast_series(
        dbt.ref("int_forecasting__series_daily").to_arrow_table(),
        dbt.ref("planned_changes").to_arrow_table(),
        horizon_days=int(dbt.config.get("horizon_days")),
        week_start=dbt.config.get("week_start"),
        scaling_weeks=int(dbt.config.get("scaling_weeks")),
        scaling_margin=float(dbt.config.get("scaling_margin")),
        scaling_steady_margin=float(dbt.config.get("scaling_steady_margin")),
    )
