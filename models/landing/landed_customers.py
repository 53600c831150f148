def model(dbt, session):
    from ai_unit_economics.landing import models

    dbt.config(materialized="landed")
    return models.rows("customers", files=dbt.ref("landed_files"))
