{#
    The first hook of each run: what an older version of this project left in the database. A seed that has gained a column
    keeps its old table when it is loaded again, and dbt fails on it with a binder error, one seed at a time.

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
        {%- elif seed.unique_id in read %}
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

{# Seeds of this project whose table lacks columns that their YAML has: node, table, these columns. #}
{% macro older_seeds() -%}
    {%- set older = [] -%}
    {%- for seed in graph.nodes.values()
        if seed.resource_type == 'seed' and seed.package_name == 'ai_unit_economics' -%}
        {%- set relation = adapter.get_relation(seed.database, seed.schema, seed.alias) -%}
        {%- if relation is not none -%}
            {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
            {%- set missing = seed.config.get('column_types', {}).keys() | reject('in', there) | list -%}
            {%- if missing -%}{%- do older.append((seed, relation, missing)) -%}{%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(older) -}}
{%- endmacro %}
