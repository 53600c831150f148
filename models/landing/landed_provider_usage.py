def model(dbt, session):
    from ai_unit_economics.landing import models

    dbt.config(materialized="landed")
    return models.rows("provider_usage", files=dbt.ref("landed_files"), column_aliases=dbt.ref("column_aliases"))
