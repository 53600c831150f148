def model(dbt, session):
    from ai_unit_economics.landing import models

    dbt.config(materialized="landed")
    return models.rows("prometheus_series", files=dbt.ref("landed_files"), metric_catalog=dbt.ref("metric_catalog"))
