{%- set variables = {} -%}
{%- for name in [
    'reporting_currency', 'reporting_timezone', 'week_start', 'token_cost_split', 'min_telemetry_coverage',
    'scrape_max_gap_seconds', 'restart_max_gap_seconds', 'max_unknown_share', 'mig_share_axis'
] -%}
{%- do variables.update({name: var(name)}) -%}
{%- endfor -%}

select
    md5({{ sql_text(project_models()) }}) as models_checksum,
    {{ sql_text(variables | tojson) }} as variables,
    {{ sql_text(var('closed_months')) }} as closed_months,
    {{ sql_text(var('reporting_currency')) }} as currency
