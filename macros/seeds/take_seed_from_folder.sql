{# Where the files are that take the place of seeds/config: the variable seeds_folder, else the environment variable
   UNIT_ECONOMICS_SEEDS; empty where this project's own are meant. #}
{% macro seeds_folder() -%}
    {{- return(plain_path(var('seeds_folder') or env_var('UNIT_ECONOMICS_SEEDS', ''), 'UNIT_ECONOMICS_SEEDS')) -}}
{%- endmacro %}

{# The post-hook of a config seed: its rows are those of its file in seeds_folder, and none where it has no file there. What
   would empty every seed in silence stops the build: a folder without deployments.csv, a file whose name is no seed's. #}
{% macro take_seed_from_folder() %}
    {%- if execute and seeds_folder() -%}
    {%- set names = seed_names_in_folder() -%}
    {%- set file = seeds_folder() ~ '/' ~ this.identifier ~ '.csv' -%}
    {%- set reader -%}
        read_csv(
            {{ sql_text(file) }}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', nullstr = ''
        )
    {%- endset %}
    delete from {{ this }};
    {%- if this.identifier in names %}
    {%- set known = adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
    {%- for column in columns_of(reader) if column not in known %}
        {%- do exceptions.raise_compiler_error(
            file ~ ' has a column ' ~ column ~ '; the columns of this seed are ' ~ known | join(', ')
        ) %}
    {%- endfor %}
    insert into {{ this }} by name select * from {{ reader }}
    {%- endif %}
    {%- endif %}
{% endmacro %}

{% macro seed_names_in_folder() %}
    {%- set folder = seeds_folder() -%}
    {%- set names = run_query(
        'select parse_filename(file, true) as name from glob(' ~ sql_text(folder ~ '/*.csv') ~ ') order by name'
    ).columns[0].values() -%}
    {%- if 'deployments' not in names -%}
        {%- do exceptions.raise_compiler_error(
            'seeds_folder: ' ~ folder ~ ' has no deployments.csv; name the folder that holds your seeds, or none'
        ) -%}
    {%- endif -%}
    {%- set seeds = graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') | map(attribute='name') | list -%}
    {%- for name in names if name not in seeds -%}
        {%- do exceptions.raise_compiler_error(
            'seeds_folder: ' ~ folder ~ '/' ~ name ~ '.csv is no seed; docs/configuration.md has their names'
        ) -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}
