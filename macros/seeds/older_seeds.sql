{#
    The first hook of each run: what an older version of this project left in the database. A seed that has gained a column
    keeps its old table when it is loaded again, and dbt fails on it with a binder error, one seed at a time; one that has
    lost a column would keep it.

    Tables of seeds that this run loads are dropped: their rows are in the CSV files. Where the run reads others and does not
    load them, it stops and names all of them, with what to run.
#}
{% macro renew_older_seeds() -%}
    {%- if execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'test', 'retry'] %}
    {%- set read, stale = [], [] %}
    {%- for node in graph.nodes.values() if node.unique_id in selected_resources %}
        {%- do read.extend(node.depends_on.nodes) %}
    {%- endfor %}
    {%- for seed, relation, missing in older_seeds() %}
        {%- if seed.unique_id in selected_resources and flags.WHICH in ['build', 'seed', 'retry'] %}
            {%- do adapter.drop_relation(relation) %}
        {%- elif missing and seed.unique_id in read %}
            {%- do stale.append(relation.schema ~ '.' ~ relation.identifier ~ ' lacks ' ~ missing | join(', ')) %}
        {%- endif %}
    {%- endfor %}
    {#- what a hook does while it is rendered is rolled back otherwise #}
    {%- do adapter.commit() %}
    {%- if stale %}
        {%- do exceptions.raise_compiler_error(
            'the database holds seeds of an older version of this project: ' ~ stale | join('; ')
            ~ '. Run dbt seed, which loads them anew, and then this command again'
        ) %}
    {%- endif %}
    {%- endif %}
{%- endmacro %}

{# Seeds of this project whose table has other columns than their YAML: node, table, the columns that it lacks. All are asked at once:
   a question for each seed would be a second of every command. #}
{% macro older_seeds() -%}
    {%- set seeds = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'seed' and node.package_name == 'ai_unit_economics' -%}
        {%- do seeds.append(node) -%}
    {%- endfor -%}
    {%- set schemas = seeds | map(attribute='schema') | unique | list -%}
    {%- set there = {} -%}
    {%- for schema, table, column in run_query(
        'select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database()'
        ~ ' and list_contains(' ~ sql_texts(schemas) ~ ', schema_name)'
    ).rows -%}
        {%- do there.setdefault(schema ~ '.' ~ table, []).append(column) -%}
    {%- endfor -%}
    {%- set older = [] -%}
    {%- for seed in seeds if seed.schema ~ '.' ~ seed.alias in there -%}
        {%- set known, found = seed.config.get('column_types', {}).keys(), there[seed.schema ~ '.' ~ seed.alias] -%}
        {%- set missing = known | reject('in', found) | list -%}
        {%- if missing or found | reject('in', known) | list -%}
            {%- do older.append((seed, adapter.get_relation(seed.database, seed.schema, seed.alias), missing)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(older) -}}
{%- endmacro %}
