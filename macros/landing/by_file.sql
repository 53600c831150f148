{#
    Models that hold rows of files are incremental: a run works on the files that are new or changed, and drops the rows of
    those that are gone. Every row holds `source_file` and `file_version`, and the model says:

        {{ config(
            materialized='incremental', incremental_strategy='append', on_schema_change='fail',
            pre_hook=[
                "{{ forget_changed_files(ref('base_focus__files')) }}", "{{ choose_new_files(ref('base_focus__files')) }}"
            ]
        ) }}
        … where {{ is_not_landed() }}

    forget_changed_files() deletes, in the transaction of the insert, what `files` does not have in that version;
    choose_new_files() lists what the model does not hold, so that nothing else is read.
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

{# Sets the variable of is_not_landed(): the files that {{ this }} does not hold in their version. #}
{% macro choose_new_files(files, condition='true') -%}
    {%- set query -%}
        select array_agg(distinct source_file) from {{ files }}
        where {{ condition }} and (source_file, file_version) not in (select distinct source_file, file_version from {{ this }})
    {%- endset -%}
    {{ choose(new_files_variable(), 'varchar', query) }}
{%- endmacro %}

{# Whether a row's file is not in {{ this }} in its version. #}
{% macro is_not_landed(source_file='source_file') -%} {{ is_chosen(new_files_variable(), source_file) }} {%- endmacro %}

{% macro new_files_variable() -%} {{ return('new_files_of_' ~ this.identifier) }} {%- endmacro %}
