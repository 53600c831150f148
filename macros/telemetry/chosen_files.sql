{#
    Which files and days a landing model reads this time is worked out in a pre-hook and kept in a session variable:
    a filter on a constant list lets DuckDB leave the other files unopened, and Spark the other partitions. Without the
    variable (a first build, a unit test) everything is read.
#}
{% macro is_chosen(variable, value) -%} {{ return(adapter.dispatch('is_chosen', 'ai_unit_economics')(variable, value)) }} {%- endmacro %}

{% macro default__is_chosen(variable, value) -%}
    coalesce(list_contains(getvariable('{{ variable }}'), {{ value }}), true)
{%- endmacro %}

{% macro spark__is_chosen(variable, value) -%}
    {% if is_incremental() %}array_contains({{ variable }}, {{ value }}){% else %}true{% endif %}
{%- endmacro %}

{# A pre-hook that sets the variable to the list that `query` gives, empty or not, and to null where all is read. The null has
   a type: DuckDB 1.5 takes one without for a number, which is in no list. #}
{% macro choose(variable, type, query) -%} {{ return(adapter.dispatch('choose', 'ai_unit_economics')(variable, type, query)) }} {%- endmacro %}

{% macro default__choose(variable, type, query) -%}
    set variable {{ variable }} =
    {%- if is_incremental() %} coalesce(({{ query }}), cast([] as {{ type }}[]))
    {%- else %} cast(null as {{ type }}[])
    {%- endif %}
{%- endmacro %}

{% macro spark__choose(variable, type, query) -%}
    {%- if is_incremental() -%}
    {%- do run_query('declare or replace variable ' ~ variable ~ ' array<' ~ type.replace('varchar', 'string') ~ '>') -%}
    set variable {{ variable }} = ({{ query }})
    {%- endif -%}
{%- endmacro %}

{# A day's version: the files that it was made from and, further down, the settings that it was made with. #}
{% macro day_version(settings=none) -%}
    {%- if settings is none -%} day_version
    {%- else -%} {{ stable_id("day_version || ' " ~ settings ~ "'") }}
    {%- endif -%}
{%- endmacro %}

{# The days that {{ this }} does not hold in today's version. #}
{% macro choose_changed_days(days, variable, settings=none) -%}
    {%- set query -%}
        select array_agg(distinct date_day) from {{ days }}
        where (date_day, {{ day_version(settings) }}) not in (select distinct date_day, day_version from {{ this }})
    {%- endset -%}
    {{ choose(variable, 'date', query) }}
{%- endmacro %}

{# Deletes the days that are gone or whose version is not today's. #}
{% macro forget_changed_days(days, settings=none) -%}
    {{ forget('date_day', 'day_version', 'select date_day, ' ~ day_version(settings) ~ ' as day_version from ' ~ days) }}
{%- endmacro %}

{% macro choose_files_of_days(days, days_variable, variable) -%}
    {%- set query -%}
        select array_agg(distinct source_file)
        from (
            select {{ each_of('source_files') }} as source_file from {{ days }}
            where {{ is_chosen(days_variable, 'date_day') }}
        ) as files
    {%- endset -%}
    {{ choose(variable, 'varchar', query) }}
{%- endmacro %}
