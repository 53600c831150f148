{# dbt's own materializations, which leave alone what would become what it is. #}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- if model.language == 'sql' -%}
        {{- return(unless_unchanged(dbt.materialization_table_duckdb, compiled_code)) -}}
    {%- endif -%}

    {#- dbt runs Python in a materialization only, and not in one that it calls -#}
    {%- set version, is_unchanged = node_version(compiled_code) -%}
    {%- if is_unchanged -%}{{- return(left_as_it_is('table')) -}}{%- endif -%}
    {%- do forget_version() -%}
    {%- set made = make_intermediate_relation(this.incorporate(type='table')) -%}
    {%- do drop_relation_if_exists(load_cached_relation(made)) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main', language='python') %}{{ py_write_table(false, made, compiled_code) }}{% endcall %}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- do adapter.rename_relation(made, this.incorporate(type='table')) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {%- do remember_version(version) -%}
    {{- return({'relations': [this.incorporate(type='table')]}) -}}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{- return(unless_unchanged(dbt.materialization_view_default, compiled_code, kind='view')) -}}
{% endmaterialization %}

{# Its SQL differs between the first run and later ones, and its rows do not: they are those of one full refresh. #}
{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {{- return(unless_unchanged(dbt.materialization_incremental_duckdb, '')) -}}
{% endmaterialization %}

{# People edit tables of seeds by hand: the rows that stand there are a part of the version, and an edit is undone. #}
{% materialization seed, adapter='duckdb' %}
    {%- if not versions_are_kept() -%}{{- return(dbt.materialization_seed_default()) -}}{%- endif -%}
    {%- set file = seed_file_version() -%}
    {%- set rows = rows_version() if load_cached_relation(this) is not none -%}
    {%- set version, is_unchanged = node_version(file ~ rows) -%}
    {%- if is_unchanged -%}{{- return(left_as_it_is('table')) -}}{%- endif -%}
    {%- do forget_version() -%}
    {%- set loaded = dbt.materialization_seed_default() -%}
    {%- set version, is_unchanged = node_version(file ~ rows_version()) -%}
    {%- do remember_version(version) -%}
    {{- return(loaded) -}}
{% endmaterialization %}

{# Only a test that nothing failed is left out: its result is known. #}
{% materialization test, adapter='duckdb' %}
    {%- if should_store_failures() -%}{{- return(dbt.materialization_test_default()) -}}{%- endif -%}
    {%- set version, is_unchanged = node_version(sql) -%}
    {%- if is_unchanged -%}{{- return({'relations': []}) -}}{%- endif -%}
    {%- do forget_version() -%}
    {%- set tested = dbt.materialization_test_default() -%}
    {%- if load_result('main').table.rows[0][0] == 0 -%}
        {%- do remember_version(version) -%}
        {#- dbt rolls back what a test leaves open -#}
        {%- do adapter.commit() -%}
    {%- endif -%}
    {{- return(tested) -}}
{% endmaterialization %}
