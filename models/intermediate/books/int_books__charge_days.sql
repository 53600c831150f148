with charges as (

    select * from {{ ref('int_costs__charges_daily') }}

),

-- what a day's allocation can see of its charges; in which files they came it cannot
day_charges as (

    select
        charge_date,
        source,
        billing_period_start,
        billing_currency,
        attribute_key,
        sum(effective_cost) as effective_cost,
        sum(consumed_quantity) as consumed_quantity
    from charges
    group by charge_date, source, billing_period_start, billing_currency, attribute_key

),

fingerprints as (

    select
        charge_date,
        source,
        {{ rows_fingerprint([
            'billing_period_start', 'billing_currency', 'attribute_key', 'effective_cost', 'consumed_quantity'
        ]) }} as fingerprint
    from day_charges
    group by charge_date, source

),

file_costs as (

    select
        charges.charge_date,
        charges.source,
        files.relative_path || ': ' || sum(charges.effective_cost) || ' ' || charges.billing_currency as file_cost
    from charges
    inner join {{ ref('landed_files') }} as files on charges.source_file = files.source_file
    group by charges.charge_date, charges.source, files.relative_path, charges.billing_currency

)

select
    fingerprints.source,
    fingerprints.fingerprint,
    list(file_costs.file_cost order by file_costs.file_cost) as file_costs,
    fingerprints.charge_date
from fingerprints
inner join file_costs
    on fingerprints.charge_date = file_costs.charge_date and fingerprints.source = file_costs.source
group by fingerprints.charge_date, fingerprints.source, fingerprints.fingerprint
