with exchange_rates as (

    select * from {{ ref('exchange_rates') }}
    where to_currency = {{ sql_text(var('reporting_currency')) }}

)

-- a rate holds until the next one
select
    from_currency,
    rate,
    rate_date,
    lead(rate_date, 1, date '9999-12-31') over (partition by from_currency order by rate_date) as next_rate_date
from exchange_rates
