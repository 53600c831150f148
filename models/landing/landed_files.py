def model(dbt, session):
    from ai_unit_economics.landing import models

    dbt.config(materialized="landed")
    return models.files(
        focus_sources=dbt.ref("focus_sources"),
        focus_column_mappings=dbt.ref("focus_column_mappings"),
        cost_rules=dbt.ref("cost_rules"),
        sku_meters=dbt.ref("sku_meters"),
        amortization_schedules=dbt.ref("amortization_schedules"),
        metric_catalog=dbt.ref("metric_catalog"),
        column_aliases=dbt.ref("column_aliases"),
        series_rules=dbt.ref("series_rules"),
        cost_owners=dbt.ref("cost_owners"),
    )
