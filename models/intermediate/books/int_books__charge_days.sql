with charges as (

    select * from {{ ref('int_costs__charges_daily') }}

),

-- what a day's allocation can see of its charges; in which files they came it cannot
day_charges as (

    select
        date_day,
        source,
        billing_period_start,
        billing_currency,
        attribute_key,
        sum(effective_cost) as effective_cost,
        sum(consumed_quantity) as consumed_quantity
    from charges
    group by date_day, source, billing_period_start, billing_currency, attribute_key

),

fingerprints as (

    select
        date_day,
        source,
        {{ rows_fingerprint([
            'billing_period_start', 'billing_currency', text_of_key('attribute_key'), 'effective_cost',
            'consumed_quantity'
        ]) }} as fingerprint
    from day_charges
    group by date_day, source

),

file_costs as (

    select
        charges.date_day,
        charges.source,
        files.relative_path || ': ' || sum(charges.effective_cost) || ' ' || charges.billing_currency as file_cost
    from charges
    inner join {{ ref('landed_files') }} as files on charges.source_file = files.source_file
    group by charges.date_day, charges.source, files.relative_path, charges.billing_currency

)

select
    fingerprints.source,
    fingerprints.fingerprint,
    list(file_costs.file_cost order by file_costs.file_cost) as file_costs,
    fingerprints.date_day
from fingerprints
inner join file_costs
    on fingerprints.date_day = file_costs.date_day and fingerprints.source = file_costs.source
group by fingerprints.date_day, fingerprints.source, fingerprints.fingerprint
