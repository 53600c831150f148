{#
    How this version lays out the database of a build. It goes up when an incremental model cannot be built upon any longer as an
    older version left it, such as after a changed column; docs/upgrading.md has a line for each.
#}
{% macro database_format() -%} {{ return(1) }} {%- endmacro %}

{# The oldest format that a build goes on with; an older one needs --full-refresh. #}
{% macro oldest_format_built_upon() -%} {{ return(1) }} {%- endmacro %}

{# The first hook of each run: stops at a database of a newer version, or of one too old, before anything is changed. #}
{% macro require_known_format() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'test', 'retry'] %}
    {%- set found = format_of_database() %}
    {%- if found > database_format() %}
        {%- do exceptions.raise_compiler_error(
            'the database was built by a newer version of this project (format ' ~ found ~ ', this version knows '
            ~ database_format() ~ '): install that version again, or name another file in UNIT_ECONOMICS_DATABASE. '
            ~ 'Nothing was changed'
        ) %}
    {%- elif found < oldest_format_built_upon() and not flags.FULL_REFRESH %}
        {%- do exceptions.raise_compiler_error(
            'the database was built by an older version of this project (format ' ~ found ~ ', this version builds upon '
            ~ oldest_format_built_upon() ~ ' and newer): run dbt build --full-refresh once, which reads all files again. '
            ~ 'Nothing was changed'
        ) %}
    {%- endif %}
    {%- do remember_format() %}
    {%- endif %}
{%- endmacro %}

{# The format of the last run that changed the database; 1 where runs did not say yet, this one where there is nothing. #}
{% macro format_of_database() -%} {{ return(adapter.dispatch('format_of_database', 'ai_unit_economics')()) }} {%- endmacro %}

{% macro default__format_of_database() -%}
    {%- set runs = adapter.get_relation(target.database, 'builds', 'invocations') -%}
    {%- set columns = adapter.get_columns_in_relation(runs) | map(attribute='name') | list if runs is not none else [] -%}
    {%- if 'database_format' not in columns -%} {{- return(database_format() if runs is none else 1) -}} {%- endif -%}
    {%- set query -%}
        select coalesce(arg_max(database_format, rowid), 1) from {{ runs }} where changed_data is not false
    {%- endset -%}
    {{- return(run_query(query).columns[0].values()[0] | int) -}}
{%- endmacro %}

{% macro spark__format_of_database() -%}
    {%- do run_query('create schema if not exists builds') -%}
    {%- do run_query(
        'create table if not exists builds.formats (database_format int, started_at timestamp) using ' ~ spark_format()
    ) -%}
    {%- set found = newest_format_on_spark() -%}
    {%- if found is not none -%} {{- return(found | int) -}} {%- endif -%}
    {%- set kept = [] -%}
    {%- for node in graph.nodes.values()
        if node.package_name == 'ai_unit_economics' and node.config.materialized == 'incremental' -%}
        {%- do kept.append(node.name) if adapter.get_relation(none, node.schema, node.alias) is not none -%}
    {%- endfor -%}
    {{- return(1 if kept else database_format()) -}}
{%- endmacro %}

{# None before the first run. #}
{% macro newest_format_on_spark() -%}
    {{- return(run_query('select max_by(database_format, started_at) from builds.formats').columns[0].values()[0]) -}}
{%- endmacro %}

{# What the next run finds; on DuckDB the record of the run says it (builds.invocations). #}
{% macro remember_format() -%} {{ return(adapter.dispatch('remember_format', 'ai_unit_economics')()) }} {%- endmacro %}

{% macro default__remember_format() -%} {{ return('') }} {%- endmacro %}

{% macro spark__remember_format() -%}
    {%- if newest_format_on_spark() != database_format() -%}
        {%- do run_query('insert into builds.formats select ' ~ database_format() ~ ', current_timestamp()') -%}
    {%- endif -%}
{%- endmacro %}
