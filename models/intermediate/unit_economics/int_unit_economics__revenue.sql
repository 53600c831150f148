{% set reporting_currency = sql_text(var('reporting_currency')) %}

with cohorts as (

    select
        environment,
        workload,
        cohort as customer_tier,
        unit,
        counted_units as units,
        date_day
    from {{ ref('int_books__cohorts_daily') }}
    where cohort_dimension = 'customer_tier' and counted_units is not null

),

closed_months as (

    select closed_month
    from {{ ref('int_books__closed_months') }}
    where is_shown_as_signed

),

-- of a closed month what was signed is sold, as it is what has a cost
distinct_units as (

    select
        counted.environment,
        counted.workload,
        counted.cohort as customer_tier,
        counted.unit,
        counted.units,
        counted.period_start
    from {{ ref('int_unit_economics__distinct_units') }} as counted
    anti join closed_months on counted.period_start = closed_months.closed_month
    where counted.cohort_dimension = 'customer_tier' and counted.grain = 'month' and counted.units is not null
    union all
    select
        signed.environment,
        signed.workload,
        signed.cohort as customer_tier,
        signed.unit,
        signed.units,
        signed.period_start
    from {{ ref('int_books__closed_unit_counts') }} as signed
    semi join closed_months on signed.period_start = closed_months.closed_month
    where signed.cohort_dimension = 'customer_tier' and signed.grain = 'month' and signed.units is not null

),

price_book as (

    select
        customer_tier,
        workload,
        unit,
        price_per_unit,
        currency,
        valid_from,
        valid_to
    from {{ ref('price_book') }}

),

units as (

    select
        unit,
        unit_scale,
        counting
    from {{ ref('units') }}

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

-- what adds up over days is sold by the day; a seat or a session is sold by the month, as of the month's first day
sold as (

    select
        cohorts.environment,
        cohorts.workload,
        cohorts.customer_tier,
        cohorts.unit,
        units.unit_scale,
        cohorts.units,
        false as is_monthly,
        cohorts.date_day as sold_on
    from cohorts
    inner join units on cohorts.unit = units.unit
    where units.counting = 'sum'
    union all
    select
        distinct_units.environment,
        distinct_units.workload,
        distinct_units.customer_tier,
        distinct_units.unit,
        units.unit_scale,
        distinct_units.units,
        true as is_monthly,
        distinct_units.period_start as sold_on
    from distinct_units
    inner join units on distinct_units.unit = units.unit
    where units.counting = 'distinct'

),

priced as (

    select
        sold.*,
        price_book.price_per_unit is not null as is_priced,
        case
            when price_book.currency = {{ reporting_currency }} then price_book.price_per_unit
            when price_book.currency is not null and rates.rate is null
                then {{ stop(
                    'seeds/config/exchange_rates.csv: no rate from {} to {} on or before {}, which seeds/config/price_book.csv'
                    ~ ' needs for {} {} {}; add it',
                    ['price_book.currency', reporting_currency, 'sold.sold_on', 'sold.customer_tier', 'sold.workload',
                     'sold.unit']
                ) }}
            else {{ convert_money('price_book.price_per_unit', 'rates.rate') }}
        end as price_per_unit
    from sold
    left join price_book
        on
            sold.customer_tier = price_book.customer_tier
            and sold.workload = price_book.workload
            and sold.unit = price_book.unit
            and {{ in_effect('price_book', 'sold.sold_on') }}
    left join rates
        on
            price_book.currency = rates.from_currency
            and sold.sold_on >= rates.rate_date
            and sold.sold_on < rates.next_rate_date

),

charged as (

    select
        *,
        case when is_priced then {{ amount_at_price('price_per_unit', 'units', 'unit_scale') }} end as revenue
    from priced

)

select
    grains.grain,
    environment,
    workload,
    customer_tier,
    unit,
    cast(sum(units) as bigint) as units,
    cast(sum(case when is_priced then units else 0 end) as bigint) as priced_units,
    cast(coalesce(sum(revenue), 0) as {{ money_type() }}) as revenue,
    bool_or(is_priced) as is_priced,
    {{ period_start('sold_on', 'grains.grain') }} as period_start
from charged
inner join {{ grains() }} on not charged.is_monthly or grains.grain = 'month'
group by
    grains.grain, environment, workload, customer_tier, unit, {{ period_start('sold_on', 'grains.grain') }}
