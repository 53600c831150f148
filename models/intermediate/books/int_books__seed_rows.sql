{%- set seeds = [
    'amortization_schedules', 'capacity_pools', 'cost_rules', 'deployments', 'mig_profiles', 'pool_resource_prices',
    'series_rules', 'shared_pool_weights', 'shared_pools', 'sku_meters', 'token_rates'
] -%}
{%- set catalogues = [
    'cohort_dimensions', 'focus_column_mappings', 'focus_sources', 'focus_token_kinds', 'metric_catalog', 'unit_words',
    'units'
] -%}

{% for seed in seeds -%}
select
    '{{ seed }}' as seed_name,
    {{ seed_row_text('seed_rows') }} as seed_row,
    seed_rows.valid_from,
    seed_rows.valid_to
from {{ ref(seed) }} as seed_rows
union all
{% endfor -%}
-- a rate holds until the next one
select
    'exchange_rates' as seed_name,
    {{ seed_row_text('seed_rows') }} as seed_row,
    seed_rows.rate_date as valid_from,
    lead(seed_rows.rate_date) over (
        partition by seed_rows.from_currency, seed_rows.to_currency order by seed_rows.rate_date
    ) as valid_to
from {{ ref('exchange_rates') }} as seed_rows
union all
-- catalogues and what says how files are read hold for all of history
{% for seed in catalogues -%}
select
    '{{ seed }}' as seed_name,
    {{ seed_row_text('seed_rows') }} as seed_row,
    seed_rows.valid_from,
    seed_rows.valid_to
from (select *, cast(null as date) as valid_from, cast(null as date) as valid_to from {{ ref(seed) }}) as seed_rows
{{ 'union all' if not loop.last }}
{% endfor -%}
