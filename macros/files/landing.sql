{#
    Files land once. A model that reads files is incremental, holds `source_file` and `file_version` on every row, and says:

        {{ config(
            materialized='incremental', incremental_strategy='append', on_schema_change='fail',
            pre_hook="{{ forget_changed_files(ref('stg_files__inputs'), \"folder = 'telemetry/requests'\") }}"
        ) }}
        {% set files = pending_files(ref('stg_files__inputs'), "folder = 'telemetry/requests'", landed_in=this) %}

    pending_files() gives the files that `landed_in` does not hold in today's version, as a list of rows with the columns
    of the files' relation (file.source_file, file.format …); all of them in a full refresh or a first build. The list is
    empty when nothing is new: the model must then select its typed columns `where false`.
    forget_changed_files() is the pre-hook: in the transaction of the insert it deletes the rows of files that
    have changed or vanished. A model two steps down passes a relation of its own with source_file and file_version.

    file_version is size and modification time, and whatever else of the configuration decides how a file is read.
    Both macros are safe at parse time and before the first build, when there is no database to ask.
#}
{% macro pending_files(files, condition='true', landed_in=none) %}
    {%- if not execute -%} {{- return([]) -}} {%- endif -%}
    {%- if not load_relation(files) -%} {{- return([]) -}} {%- endif -%}
    {%- set landed = load_relation(landed_in) if landed_in and not should_full_refresh() else none -%}
    {%- set query -%}
        select *
        from {{ files }} as files
        where
            {{ condition }}
            {%- if landed %}
            and (source_file, file_version) not in (select distinct source_file, file_version from {{ landed }})
            {%- endif %}
        order by source_file
    {%- endset -%}
    {{- return(run_query(query).rows) -}}
{% endmacro %}

{% macro forget_changed_files(files, condition='true') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where (source_file, file_version) not in (select source_file, file_version from {{ files }} where {{ condition }})
    {%- endif -%}
{%- endmacro %}

{# For a model two steps down: the files that a landed model holds. #}
{% macro landed_files(relation) -%} (select distinct source_file, file_version from {{ relation }}) {%- endmacro %}

{# Whether a row's file has not landed in {{ this }} in its version. #}
{% macro is_not_landed() -%}
    {{ '(source_file, file_version) not in ' ~ landed_files(this) if is_incremental() else 'true' }}
{%- endmacro %}
