{% set reporting_currency = sql_text(var('reporting_currency')) %}

with lines as (

    select
        charges.date_day,
        charges.source,
        charges.billing_period_start,
        matches.treatment,
        matches.target,
        {{ cost_origin('attributes') }} as cost_origin,
        charges.billing_currency,
        cast(sum(charges.effective_cost) as {{ money_type() }}) as effective_cost_billing_currency
    from {{ ref('int_costs__scheduled_charges_daily') }} as charges
    inner join {{ ref('int_costs__charge_attributes') }} as attributes
        on charges.attribute_key = attributes.attribute_key
    inner join {{ ref('int_costs__charge_matches') }} as matches
        on charges.attribute_key = matches.attribute_key and {{ in_effect('matches', 'charges.date_day') }}
    group by all

),

-- a rate holds until the next one
rates as (

    select
        from_currency,
        rate,
        rate_date,
        lead(rate_date, 1, date '9999-12-31') over (partition by from_currency order by rate_date) as next_rate_date
    from {{ ref('exchange_rates') }}
    where to_currency = {{ reporting_currency }}

),

with_rates as (

    select
        lines.*,
        rates.rate,
        min(lines.date_day) over (partition by lines.billing_currency, rates.rate is null) as first_date_day
    from lines
    left join rates
        on
            lines.billing_currency = rates.from_currency
            and lines.date_day >= rates.rate_date
            and lines.date_day < rates.next_rate_date

)

select
    source,
    treatment,
    target,
    cost_origin,
    billing_currency,
    effective_cost_billing_currency,
    case
        when billing_currency = {{ reporting_currency }} then effective_cost_billing_currency
        -- of the days without a rate the first: a rate for it holds for the others
        when rate is null and date_day = first_date_day
            then {{ stop(
                'seeds/config/exchange_rates.csv: no rate from {} to {} on or before {}, which source {} needs; add it',
                ['billing_currency', reporting_currency, 'date_day', 'source']
            ) }}
        else {{ convert_money('effective_cost_billing_currency', 'rate') }}
    end as effective_cost,
    date_day,
    billing_period_start
from with_rates
