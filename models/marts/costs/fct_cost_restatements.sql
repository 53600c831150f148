with versions as (

    select
        source,
        billing_currency,
        charge_month,
        effective_cost,
        newest_file_at,
        cast(dbt_valid_from as timestamp) as known_from,
        cast(dbt_valid_to as timestamp) as known_until,
        row_number() over (partition by source, billing_currency, charge_month order by dbt_valid_from) as version,
        lag(effective_cost) over (partition by source, billing_currency, charge_month order by dbt_valid_from)
            as previous_effective_cost
    from {{ ref('closed_months') }}

)

select
    source,
    billing_currency,
    version,
    effective_cost,
    previous_effective_cost,
    cast(effective_cost - previous_effective_cost as {{ money_type() }}) as restated_by,
    known_until is null as is_latest,
    charge_month,
    newest_file_at,
    known_from,
    known_until
from versions
