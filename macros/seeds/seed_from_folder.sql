{# Where your own seeds are: the variable seeds_folder, else the environment variable UNIT_ECONOMICS_SEEDS; empty where this
   project's own are meant. #}
{% macro seeds_folder() -%}
    {{- return((var('seeds_folder') or env_var('UNIT_ECONOMICS_SEEDS', '')).rstrip('/')) -}}
{%- endmacro %}

{#
    The post-hook of every seed. A column that the file lacks is empty: a file of an older version of this project does not
    have what the seed has gained since. A column that no seed has stops the build. A seed of seeds/config has the rows of its file in your folder, and none where it has no
    file there. A catalogue of seeds/reference that is marked `extendable` keeps its rows and gets yours beside them.

    What would empty every seed in silence stops the build: a folder without deployments.csv, a file whose name is no seed's,
    and a file for a seed that nobody may replace.
#}
{% macro seed_from_folder() %}
    {%- if execute -%}
    {%- do add_missing_columns() -%}
    {%- do refuse_other_columns() -%}
    {%- set is_own = 'config' in model.fqn -%}
    {%- if seeds_folder() and (is_own or model.config.get('meta', {}).get('extendable')) -%}
    {%- if this.identifier in seed_names_in_folder() -%}
    {%- set file = seeds_folder() ~ '/' ~ this.identifier ~ '.csv' -%}
    {%- set rows = rows_of_csv(file) -%}
    {{ insert_into_seed(rows, seed_columns_in(file, rows), replaces=is_own) }}
    {%- elif is_own -%}
    {{ insert_into_seed(none, [], replaces=true) }}
    {%- endif -%}
    {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro add_missing_columns() %}
    {%- set there = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
    {%- for column, type in model.config.column_types.items() if column not in there %}
        {%- do run_query('alter table ' ~ this ~ ' add column ' ~ adapter.quote(column) ~ ' ' ~ type) %}
        {%- do log(
            model.original_file_path ~ ' has no column ' ~ column ~ ', which this seed has gained; it is empty. '
            ~ 'Add it to the header if you need it: docs/configuration.md says what it is for', info=true
        ) %}
    {%- endfor %}
{% endmacro %}

{# A name that the seed does not have is a slip: its column would be empty. A name that stands twice comes with a number. #}
{% macro refuse_other_columns() %}
    {%- set known = model.config.column_types.keys() | list %}
    {%- for column in adapter.get_columns_in_relation(this) | map(attribute='name') if column not in known %}
        {%- do exceptions.raise_compiler_error(
            model.original_file_path ~ ' has a column ' ~ column ~ (
                ': its header names a column twice' if column.rpartition('_')[0] in known and column.rpartition('_')[2].isdigit()
            ) ~ '; the columns of this seed are ' ~ known | join(', ')
        ) %}
    {%- endfor %}
{% endmacro %}

{# The columns of a file of yours; stops at one that the seed does not have. #}
{% macro seed_columns_in(file, rows) %}
    {%- set known = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
    {%- set given = run_query('select * from ' ~ rows ~ ' limit 0').column_names | list %}
    {%- for column in given if column not in known %}
        {%- do exceptions.raise_compiler_error(
            file ~ ' has a column ' ~ column ~ '; the columns of this seed are ' ~ known | join(', ')
        ) %}
    {%- endfor %}
    {{- return(given) -}}
{% endmacro %}

{% macro seed_names_in_folder() %}
    {%- set folder = seeds_folder() -%}
    {%- set names = run_query(names_of_csv_files(folder)).columns[0].values() -%}
    {%- if 'deployments' not in names -%}
        {%- do exceptions.raise_compiler_error(
            'seeds_folder: ' ~ folder ~ ' has no deployments.csv; name the folder that holds your seeds, or none'
        ) -%}
    {%- endif -%}
    {%- set own, catalogues, fixed = [], [], [] -%}
    {%- for seed in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed')
        if seed.package_name == model.package_name -%}
        {%- do (own if 'config' in seed.fqn else catalogues if seed.config.get('meta', {}).get('extendable') else fixed)
            .append(seed.name) -%}
    {%- endfor -%}
    {%- for name in names if name not in own + catalogues -%}
        {%- do exceptions.raise_compiler_error(
            'seeds_folder: ' ~ folder ~ '/' ~ name ~ '.csv ' ~ (
                'cannot be replaced or added to' if name in fixed else 'is no seed'
            ) ~ '; docs/configuration.md has the names of those that can'
        ) -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}
