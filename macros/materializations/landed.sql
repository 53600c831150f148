{#
    How a model of models/landing comes to be: its Python returns a landing (ai_unit_economics.landing.models), which writes
    into the model's own place. A table materialization would write every new row twice, and would stop at a file that cannot
    be read without naming it.

    config landed_as: table, or view
    config is_of_the_books: whether its rows are those of closed months, which `land` does not write
#}
{% materialization landed, adapter='duckdb', supported_languages=['python'] %}
    {%- set is_view = var('landed_folder') and not config.get('is_of_the_books') -%}
    {%- set kind = 'view' if is_view else config.get('landed_as', 'table') -%}
    {%- set target_relation = this.incorporate(type=kind) -%}
    {#- What lies in landed_folder may have been landed again by another version of this project #}
    {%- set version, is_unchanged = node_version(compiled_code ~ (invocation_id if is_view else '')) -%}
    {%- if is_unchanged -%}{{- return(left_as_it_is(kind)) -}}{%- endif -%}
    {%- do forget_version() -%}

    {%- do times_are_utc() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}

    {% call statement('main', language='python') %}
{{ compiled_code }}

def materialize(landing, session):
    from ai_unit_economics.landing.models import Place

    landing.into(session, Place(
        target=({{ this.database | tojson }}, {{ this.schema | tojson }}, {{ this.identifier | tojson }}),
        root={{ data_root() | tojson }},
        treatments={{ var('privacy') | tojson | tojson }},
        landed_folder={{ var('landed_folder') | tojson }},
        books={{ books_folder() | tojson }},
        books_are_named={{ books_are_named() }},
        fresh={{ should_full_refresh() }},
    ))
    {% endcall %}

    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {% do adapter.commit() %}
    {%- do remember_version(version) %}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
