{{ config(materialized='view', persist_docs={'relation': true, 'columns': true}) }}

select
    {% for name in focus_newest_columns() + ['ProviderName', 'PublisherName'] -%}
    {{ focus_snake_case(name) }} as "{{ name }}",
    {% endfor -%}
    source as {{ focus_name('x_source') }},
    source_file as {{ focus_name('x_source_file') }},
    source_row as {{ focus_name('x_source_row') }},
    source_changes as {{ focus_name('x_source_changes') }},
    source_values as {{ focus_name('x_source_values') }}
from {{ ref('stg_focus__charges') }}
