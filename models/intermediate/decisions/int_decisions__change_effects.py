"""Each change's effects at fixed volume on the days 3 to 28 after it, and the verdict on them."""

from ai_unit_economics.statistics.changes import effects_of_changes


def model(dbt, session):
    dbt.config(materialized="table")
    return effects_of_changes(
        changes=dbt.ref("int_decisions__changes"),
        days=dbt.ref("int_decisions__change_days"),
        threshold=float(dbt.config.get("threshold")),
        minimum_units=float(dbt.config.get("minimum_units")),
    )
