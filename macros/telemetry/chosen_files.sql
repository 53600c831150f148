{#
    Which files and days a landing model reads this time is worked out in a pre-hook and kept in a session variable:
    a filter on a constant list lets DuckDB leave the other files unopened. Without the variable (a first build, a unit
    test) everything is read.
#}
{% macro is_chosen(variable, value) -%}
    coalesce(list_contains(getvariable('{{ variable }}'), {{ value }}), true)
{%- endmacro %}

{% macro choose_new_series_files(files) -%}
    set variable new_series_files =
    {%- if is_incremental() %}
    coalesce(
        (
            select list(source_file) from {{ files }}
            where source_file not in (select source_file from {{ this }})
        ),
        cast([] as varchar[])
    )
    {%- else %} cast(null as varchar[])
    {%- endif %}
{%- endmacro %}

{# A day's version: the files that it was made from and, further down, the settings that it was made with. #}
{% macro day_version(settings=none) -%}
    {%- if settings is none -%} day_version
    {%- else -%} {{ stable_id("day_version || ' " ~ settings ~ "'") }}
    {%- endif -%}
{%- endmacro %}

{# The days that {{ this }} does not hold in today's version. #}
{% macro choose_changed_days(days, variable, settings=none) -%}
    set variable {{ variable }} =
    {%- if is_incremental() %}
    coalesce(
        (
            select list(sample_date) from {{ days }}
            where (sample_date, {{ day_version(settings) }}) not in (select distinct sample_date, day_version from {{ this }})
        ),
        cast([] as date[])
    )
    {%- else %} cast(null as date[])
    {%- endif %}
{%- endmacro %}

{# Deletes the days that are gone or whose version is not today's. #}
{% macro forget_changed_days(days, settings=none) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where (sample_date, day_version) not in (select sample_date, {{ day_version(settings) }} from {{ days }})
    {%- endif -%}
{%- endmacro %}

{% macro choose_files_of_days(days, days_variable, variable) -%}
    set variable {{ variable }} =
    {%- if is_incremental() %}
    coalesce(
        (
            select list(distinct source_file)
            from (
                select unnest(source_files) as source_file from {{ days }}
                where list_contains(getvariable('{{ days_variable }}'), sample_date)
            )
        ),
        cast([] as varchar[])
    )
    {%- else %} cast(null as varchar[])
    {%- endif %}
{%- endmacro %}
