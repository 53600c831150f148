def model(dbt, session):
    from ai_unit_economics.landing import models

    dbt.config(materialized="landed", landed_as="view")
    return models.samples(files=dbt.ref("landed_files"), series=dbt.ref("landed_prometheus_series"))
