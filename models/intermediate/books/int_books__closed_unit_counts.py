def model(dbt, session):
    from ai_unit_economics.books import models

    dbt.config(materialized="landed", is_of_the_books=True)
    return models.closed("unit_economics", records=dbt.ref("int_books__records"))
