{#
    A run builds what has changed and leaves the rest, whatever the size of history
    (docs/builds.md#what-is-left-as-it-is).

    `builds.versions` holds for each seed, model and test the checksum of all that decided its last good result: its SQL
    as compiled, macros and package, and the versions of its parents. A node whose checksum is the same is not run again.
    A node without a row is run. The row is deleted before a node is built and written after it is committed: a killed
    build leaves none.
#}

{# Builds the node, unless it would become what it is. `build` is the materialization that does it. #}
{% macro unless_unchanged(build, code, kind='table') -%}
    {%- set version, is_unchanged = node_version(code) -%}
    {%- if is_unchanged -%}{{- return(left_as_it_is(kind)) -}}{%- endif -%}
    {%- do forget_version() -%}
    {%- set built = build() -%}
    {%- do remember_version(version) -%}
    {{- return(built) -}}
{%- endmacro %}

{% macro left_as_it_is(kind) -%}
    {%- if model.resource_type == 'seed' -%}
        {#- dbt asks each seed for its rows, to print them if it was told to -#}
        {%- do store_result('agate_table', response='OK', agate_table=run_query('select 1 as number where false')) -%}
    {%- endif -%}
    {%- call noop_statement('main', 'UNCHANGED', 'UNCHANGED') -%} select 'unchanged' {%- endcall -%}
    {{- return({'relations': [this.incorporate(type=kind)]}) -}}
{%- endmacro %}

{# The version that the node will have, and whether it has it. None where a parent has none, such as a source: the node
   is run. #}
{% macro node_version(code) -%}
    {%- set is_of_a_part = flags.EMPTY or invocation_args_dict.get('sample') or invocation_args_dict.get('defer') -%}
    {%- if not versions_are_kept() or looks_outside() or is_of_a_part -%}{{- return((none, false)) -}}{%- endif -%}
    {%- set meta = model.config.get('meta') or {} -%}
    {%- set folders = meta.get('reads_folders') or [] -%}
    {%- set parents = [] -%}
    {%- for parent in model.depends_on.nodes | unique if not (folders and parent.endswith('.landed_files')) -%}
        {%- do parents.append(parent) -%}
    {%- endfor -%}
    {%- set documented = [model.description, model.columns] if model.config.get('persist_docs') else [] -%}
    {%- set decided_by = tojson([
        this | string, code, model.checksum.checksum, documented, invocation_args_dict.get('vars')
    ]) -%}
    {%- set export = focus_export_path() if meta.get('writes_focus_export') -%}
    {%- set files = '(select count(*) from glob(' ~ sql_file(export) ~ '))' if export else 1 -%}
    {%- set query -%}
        select
            case
                when count(parents.version) = {{ parents | length }} and max(invocations.code_version) is not null
                    then md5(concat_ws(
                        chr(31),
                        '{{ local_md5(decided_by) }}',
                        max(invocations.code_version),
                        string_agg(parents.node_id || ' ' || parents.version, chr(31) order by parents.node_id)
                        {%- if folders %},
                        (
                            select string_agg(cast(files as varchar), chr(30) order by files.source_file)
                            from {{ ref('landed_files') }} as files
                            where list_contains({{ sql_texts(folders) }}, files.folder)
                        )
                        {%- endif %}
                    ))
            end as version,
            (select version from builds.versions where node_id = {{ sql_text(model.unique_id) }}) as known,
            0 as failures,
            false as should_warn,
            false as should_error,
            {{ files }} as files_there
        from builds.invocations
        left join builds.versions as parents on list_contains({{ sql_texts(parents) }}, parents.node_id)
        where invocations.invocation_id = {{ sql_text(invocation_id) }}
    {%- endset -%}
    {%- set is_there = model.resource_type == 'test' or load_cached_relation(this) is not none -%}
    {%- set response, table = adapter.execute(query, fetch=True) -%}
    {%- set found = table.rows[0] -%}
    {%- set is_known = found.version is not none and found.version == found.known -%}
    {%- set is_unchanged = is_known and is_there and found.files_there > 0 and not flags.FULL_REFRESH -%}
    {%- if is_unchanged and model.resource_type == 'test' -%}
        {%- set passed = table.select(['failures', 'should_warn', 'should_error']) -%}
        {%- do store_result('main', response=response, agate_table=passed) -%}
    {%- endif -%}
    {{- return((found.version, is_unchanged)) -}}
{%- endmacro %}

{% macro forget_version() -%}
    {%- if versions_are_kept() -%}
    {%- do run_query('delete from builds.versions where node_id = ' ~ sql_text(model.unique_id)) -%}
    {%- endif -%}
{%- endmacro %}

{% macro remember_version(version) -%}
    {%- if versions_are_kept() and (version or looks_outside()) -%}
    {%- set version = rows_version() if looks_outside() else version -%}
    {%- do run_query(
        'insert into builds.versions values (' ~ sql_text(model.unique_id) ~ ', ' ~ sql_text(version) ~ ')'
    ) -%}
    {%- endif -%}
{%- endmacro %}

{# Registers of files and books read what lies outside of the database: they are made each time, and their version is
   their rows. #}
{% macro looks_outside() -%}
    {{- return((model.config.get('meta') or {}).get('looks_outside', false)) -}}
{%- endmacro %}

{% macro rows_version() -%}
    {%- set query -%}
        select md5(coalesce(string_agg(cast(rows as varchar), chr(30) order by cast(rows as varchar)), ''))
        from {{ this }} as rows
    {%- endset -%}
    {{- return(run_query(query).rows[0][0]) -}}
{%- endmacro %}

{# The file of a seed here, and the one in your own folder. #}
{% macro seed_file_version() -%}
    {%- set file = seeds_folder() ~ '/' ~ this.identifier ~ '.csv' -%}
    {%- if not seeds_folder() or this.identifier not in seed_names_in_folder() -%}
        {{- return(seeds_folder() ~ tojson(model.config.column_types)) -}}
    {%- endif -%}
    {%- set checksum = run_query('select md5(content) from read_blob(' ~ sql_file(file) ~ ')').rows[0][0] -%}
    {{- return(file ~ checksum ~ tojson(model.config.column_types)) -}}
{%- endmacro %}

{# Without the plugin of this project nobody knows whether its code has changed. #}
{% macro versions_are_kept() -%}
    {{- return(var('skip_unchanged') and 'ai_unit_economics.dbt_plugin' in (target.get('plugins') | string)) -}}
{%- endmacro %}
