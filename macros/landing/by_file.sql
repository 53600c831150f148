{#
    Models that hold rows of files are incremental: a run works on the files that are new or changed, and drops the rows of
    those that are gone. Every row holds `source_file` and `file_version`, and the model says:

        {{ config(
            materialized='incremental', incremental_strategy='append', on_schema_change='fail',
            pre_hook="{{ forget_changed_files(ref('base_focus__files')) }}"
        ) }}
        … where {{ is_not_landed() }}

    forget_changed_files() deletes, in the transaction of the insert, what `files` does not have in that version.
#}
{% macro forget_changed_files(files, condition='true') -%}
    {{ forget('source_file', 'file_version', 'select source_file, file_version from ' ~ files ~ ' where ' ~ condition) }}
{%- endmacro %}

{# Deletes the rows whose key is not in the query `current` with the same version. #}
{% macro forget(key, version, current) -%} {{ return(adapter.dispatch('forget', 'ai_unit_economics')(key, version, current)) }} {%- endmacro %}

{% macro default__forget(key, version, current) -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where ({{ key }}, {{ version }}) not in ({{ current }})
    {%- endif -%}
{%- endmacro %}

{# Spark deletes from a table of Parquet whole partitions, and from Delta by no subquery: first the keys are read. #}
{% macro spark__forget(key, version, current) -%}
    {%- if is_incremental() -%}
    {%- set query -%}
        select distinct cast(held.{{ key }} as string)
        from (select distinct {{ key }}, {{ version }} from {{ this }}) as held
        left anti join ({{ current }}) as current
            on held.{{ key }} = current.{{ key }} and held.{{ version }} = current.{{ version }}
    {%- endset -%}
    {%- set gone = [] -%}
    {%- for value in run_query(query).columns[0].values() -%}{%- do gone.append(sql_text(value)) -%}{%- endfor -%}
    {%- if gone and spark_format() == 'parquet' -%}
    alter table {{ this }} drop partition ({{ key }} = {{ gone | join('), partition (' ~ key ~ ' = ') }})
    {%- elif gone -%}
    delete from {{ this }} where {{ key }} in ({{ gone | join(', ') }})
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# For a model two steps down: the files that a model holds. #}
{% macro landed_files(relation) -%} (select distinct source_file, file_version from {{ relation }}) {%- endmacro %}

{# Whether a row's file is not in {{ this }} in its version. #}
{% macro is_not_landed() -%}
    {{ '(source_file, file_version) not in ' ~ landed_files(this) if is_incremental() else 'true' }}
{%- endmacro %}

{# Pre-hook of a model that compacts landed rows by file: chooses the files that it does not hold. #}
{% macro choose_new_files_of_rows(rows, variable) -%}
    {%- set query -%}
        select array_agg(distinct source_file) from {{ rows }}
        where (source_file, file_version) not in (select distinct source_file, file_version from {{ this }})
    {%- endset -%}
    {{ choose(variable, 'varchar', query) }}
{%- endmacro %}
