{% set reporting_currency = sql_text(var('reporting_currency')) %}

with cohorts as (

    select
        environment,
        workload,
        unit,
        counted_units as units,
        date_day
    from {{ ref('int_books__cohorts_daily') }}
    where cohort_dimension = 'all'

),

alternatives as (

    select
        workload,
        provider,
        model
    from {{ ref('hosted_alternatives') }}

),

list_prices as (

    select
        provider,
        model,
        input_price,
        cached_input_price,
        output_price,
        is_tiered,
        valid_from,
        valid_to
    from {{ ref('hosted_prices') }}

),

negotiated_prices as (

    select
        provider,
        model,
        input_price,
        cached_input_price,
        output_price,
        currency,
        valid_from,
        valid_to
    from {{ ref('negotiated_prices') }}

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

traffic as (

    select
        environment,
        workload,
        {{ columns(
            ['input_token', 'cached_input_token', 'output_token'],
            "cast(coalesce(sum(case when unit = '{0}' then units end), 0) as bigint) as {0}s"
        ) }},
        date_day
    from cohorts
    where unit in ('input_token', 'cached_input_token', 'output_token')
    group by environment, workload, date_day

),

-- what one has agreed with the provider goes before what its list says
listed as (

    select
        traffic.environment,
        traffic.workload,
        alternatives.provider,
        alternatives.model,
        case
            when negotiated_prices.provider is not null then 'negotiated'
            when list_prices.provider is not null then 'list'
        end as price_source,
        case
            when negotiated_prices.provider is not null then negotiated_prices.currency
            when list_prices.provider is not null then 'USD'
        end as price_currency,
        traffic.input_tokens,
        traffic.cached_input_tokens,
        traffic.output_tokens,
        {{ columns(
            ['input_price', 'cached_input_price', 'output_price'],
            'case when negotiated_prices.provider is not null then negotiated_prices.{0} else list_prices.{0} end as {0}'
        ) }},
        negotiated_prices.provider is null and coalesce(list_prices.is_tiered, false) as is_tiered,
        traffic.date_day
    from traffic
    inner join alternatives on traffic.workload = alternatives.workload
    left join negotiated_prices
        on
            alternatives.provider = negotiated_prices.provider
            and alternatives.model = negotiated_prices.model
            and {{ in_effect('negotiated_prices', 'traffic.date_day') }}
    left join list_prices
        on
            alternatives.provider = list_prices.provider
            and alternatives.model = list_prices.model
            and {{ in_effect('list_prices', 'traffic.date_day') }}

),

-- without a price of their own, cached tokens cost what others do; output without a price is not free
priced as (

    select
        {{ all_but('price_source, cached_input_price, output_price') }},
        case when output_tokens = 0 or output_price is not null then price_source end as price_source,
        coalesce(cached_input_price, input_price) as cached_input_price,
        coalesce(output_price, 0) as output_price,
        cached_input_tokens > 0 and price_source is not null and cached_input_price is null as is_cached_priced_as_input
    from listed

),

costs as (

    select
        *,
        case
            when price_source is not null
                then
                    {{ amount_at_price('input_price', 'input_tokens', 1000000) }}
                    + {{ amount_at_price('cached_input_price', 'cached_input_tokens', 1000000) }}
                    + {{ amount_at_price('output_price', 'output_tokens', 1000000) }}
        end as price_currency_cost
    from priced

)

select
    costs.environment,
    costs.workload,
    costs.provider,
    costs.model,
    costs.price_source,
    costs.input_tokens,
    costs.cached_input_tokens,
    costs.output_tokens,
    case
        when costs.price_source is null or costs.price_currency = {{ reporting_currency }}
            then costs.price_currency_cost
        when rates.rate is null
            then {{ stop(
                'seeds/config/exchange_rates.csv: no rate from {} to {} on or before {}, which the price of {} {} in'
                ~ ' seeds/config/hosted_alternatives.csv needs; add it',
                ['costs.price_currency', reporting_currency, 'costs.date_day', 'costs.provider', 'costs.model']
            ) }}
        else {{ convert_money('costs.price_currency_cost', 'rates.rate') }}
    end as hosted_cost,
    costs.is_tiered,
    costs.is_cached_priced_as_input,
    costs.date_day
from costs
left join rates
    on
        costs.price_currency = rates.from_currency
        and costs.date_day >= rates.rate_date
        and costs.date_day < rates.next_rate_date
