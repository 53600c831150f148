{# Where closed months are kept: the variable books_folder, else the environment variable UNIT_ECONOMICS_BOOKS, else beside the
   data. `ai-unit-economics close` says the same of itself. #}
{% macro books_folder() -%}
    {%- set named = without_secret(var('books_folder') or env_var('UNIT_ECONOMICS_BOOKS', ''), 'UNIT_ECONOMICS_BOOKS') -%}
    {{- return((named or data_root().rstrip('/') ~ '-books').rstrip('/')) -}}
{%- endmacro %}

{# Whether somebody named the folder: then it has to be there. #}
{% macro books_are_named() -%}
    {{- return((var('books_folder') or env_var('UNIT_ECONOMICS_BOOKS', '')) != '') -}}
{%- endmacro %}

{# Whether marts show closed months as they were signed, and not as they are computed today. #}
{% macro shows_signed() -%}
    {%- if var('closed_months') not in ['signed', 'recomputed'] -%}
        {%- do exceptions.raise_compiler_error(
            "variable closed_months is " ~ var('closed_months') ~ "; it must be signed or recomputed"
        ) -%}
    {%- endif -%}
    {{- return(var('closed_months') == 'signed') -}}
{%- endmacro %}

{# The signed rows of a closing, and for a cohort dimension that is newer than it the rows of `all` as a cohort `(unattributed)`: nobody
   signed whose they are, and each dimension still sums to `all`. A closing is of the periods that the columns in `period` name. #}
{% macro with_newer_dimensions(closed, period) %}
    select
        {{ closed }}.{{ all_but('cohort_dimension, cohort') }},
        {{ closed }}.cohort_dimension,
        {{ closed }}.cohort
    from {{ closed }}
    union all
    select
        {{ closed }}.{{ all_but('cohort_dimension, cohort') }},
        dimensions.cohort_dimension,
        '(unattributed)' as cohort
    from {{ closed }}
    cross join {{ ref('cohort_dimensions') }} as dimensions
    anti join {{ closed }} as signed
        on
            dimensions.cohort_dimension = signed.cohort_dimension
            {%- for column in period %}
            and {{ closed }}.{{ column }} = signed.{{ column }}
            {%- endfor %}
    where {{ closed }}.cohort_dimension = 'all'
{% endmacro %}

{# Days of closed months as they were signed, and days of open ones as computed; reads the CTE closed_months. #}
{% macro signed_and_open(signed, recomputed) %}
    select {{ signed }}.*
    from {{ signed }}
    semi join closed_months on date_trunc('month', {{ signed }}.date_day) = closed_months.closed_month
    union all
    select {{ recomputed }}.*
    from {{ recomputed }}
    anti join closed_months on date_trunc('month', {{ recomputed }}.date_day) = closed_months.closed_month
{% endmacro %}
