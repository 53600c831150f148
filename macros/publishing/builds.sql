{# What publishing asks the database: was the newest run a whole build, did it end, did everything pass? The answer lies
   in the database itself, so that it can be neither lost nor taken for that of another one: a killed build leaves a row
   without an end. `compile`, `docs` and `show` write nothing and leave no row. #}

{% macro record_start_of_build() -%}
    {%- if target.type == "duckdb" and flags.WHICH in ["build", "run", "seed", "snapshot", "test", "retry"] %}
    {%- set arguments = invocation_args_dict %}
    {%- set narrowed = [] %}
    {%- for name in [
        "select", "exclude", "selector", "models", "resource_types", "exclude_resource_types", "resource_type",
        "exclude_resource_type", "empty", "sample", "favor_state"
    ] if arguments.get(name) %}
        {#- Unit tests are about the code and see none of this data #}
        {%- if arguments[name] is boolean or (arguments[name] | map("string") | list) != ["unit_test"] %}
            {%- do narrowed.append(name) %}
        {%- endif %}
    {%- endfor %}
    create schema if not exists builds;
    create table if not exists builds.invocations (
        invocation_id varchar primary key,
        command varchar not null,
        is_whole boolean not null,
        started_at timestamp not null,
        finished_at timestamp,
        changed_data boolean,
        problems varchar[],
        marts varchar[],
        gates_passed varchar[],
        gates_broken varchar[]
    );
    alter table builds.invocations add column if not exists gates_passed varchar[];
    alter table builds.invocations add column if not exists gates_broken varchar[];
    alter table builds.invocations add column if not exists database_format integer;
    alter table builds.invocations add column if not exists dbt_version varchar;
    alter table builds.invocations add column if not exists duckdb_version varchar;
    alter table builds.invocations add column if not exists code_version varchar;
    create table if not exists builds.versions (node_id varchar primary key, version varchar not null);
    create table if not exists builds.nodes (
        invocation_id varchar not null,
        node_id varchar not null,
        resource_type varchar not null,
        layer varchar,
        name varchar not null,
        status varchar not null,
        seconds double not null,
        failures bigint,
        table_rows bigint
    );
    create table if not exists builds.inputs (
        source_file varchar not null,
        file_version varchar not null,
        folder varchar,
        source varchar,
        shape varchar,
        problem varchar,
        size_bytes bigint,
        checksum varchar,
        modified_at timestamp,
        first_invocation_id varchar not null,
        first_seen_at timestamp not null,
        gone_invocation_id varchar,
        gone_at timestamp
    );
    comment on table builds.nodes is 'One row a dbt command and model, seed or test that it ran';
    comment on table builds.inputs is 'One row a version of an input file: the build that saw it first, and the first one that did not see it any more';
    comment on table builds.versions is 'One row a seed, model or test: the checksum of what decided its last good result';
    comment on table builds.invocations is
        'One row a dbt command that changed this database. Only a whole build that finished without problems is published';
    insert into builds.invocations (
        invocation_id, command, is_whole, started_at, dbt_version, duckdb_version, database_format, code_version
    ) values (
        {{ sql_text(invocation_id) }},
        {{ sql_text(flags.WHICH) }},
        {% if narrowed == ["selector"] and goes_on_from_spark() -%} {{ spark_tables_are_there() }},
        {%- else -%} {{ (flags.WHICH == "build" and not narrowed) | lower }},
        {%- endif %}
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}',
        {{ sql_text(dbt_version) }},
        version(),
        {{ database_format() }},
        {{ 'unit_economics_code_version()' if versions_are_kept() else 'null' }}
    );
    {%- endif %}
{%- endmacro %}

{% macro goes_on_from_spark() -%}
    {{- return(flags.WHICH == 'build' and invocation_args_dict.get('selector') == 'after_spark') -}}
{%- endmacro %}

{# Whether all that DuckDB does not build itself is still a view of a table of Spark (`ai-unit-economics from-spark`). #}
{% macro spark_tables_are_there() -%}
    {%- if relation_of_hook('builds', 'spark_tables') is none -%} false
    {%- else -%}
        (
            select count(*) > 0 and bool_and(views.view_name is not null)
            from builds.spark_tables as taken
            left join duckdb_views() as views
                on taken.table_schema = views.schema_name and taken.table_name = views.view_name
        )
    {%- endif -%}
{%- endmacro %}

{# A table or view, or none. The question may begin a transaction, which dbt rolls back with all that the hook writes. #}
{% macro relation_of_hook(schema, name) -%}
    {%- set relation = adapter.get_relation(target.database, schema, name) -%}
    {%- do adapter.commit() -%}
    {{- return(relation) -}}
{%- endmacro %}

{% macro record_end_of_build(results) -%}
    {%- if target.type == "duckdb" and flags.WHICH in ["build", "run", "seed", "snapshot", "test", "retry"] %}
    {%- set problems, marts, changed, gates_passed, gates_broken = [], [], [], [], [] %}
    {%- for result in results %}
        {%- if result.node.resource_type in ["model", "seed", "snapshot"] %}{% do changed.append(1) %}{% endif %}
        {#- A gate tells that a target is missed: a true number, which readers should see. It stops with an error of its own
            making, so that the log names target and value #}
        {%- if "gate" in result.node.tags and (result.status == "fail" or "Error: gate: " in (result.message or "")) %}
            {%- do gates_broken.append(sql_text(result.node.name)) %}
        {%- elif result.status not in ["success", "pass", "warn", "no-op"] %}
            {%- do problems.append(sql_text(result.status ~ ": " ~ result.node.unique_id)) %}
        {%- elif result.node.resource_type == "model" and result.node.access == "public" %}
            {%- do marts.append(sql_text(result.node.schema ~ "." ~ result.node.alias)) %}
        {%- elif "gate" in result.node.tags %}
            {%- do gates_passed.append(sql_text(result.node.name)) %}
        {%- endif %}
    {%- endfor %}
    update builds.invocations
    set
        finished_at = timestamp '{{ modules.datetime.datetime.utcnow().strftime("%Y-%m-%d %H:%M:%S") }}',
        changed_data = {{ (changed | length > 0) | lower }},
        problems = cast([{{ problems | join(", ") }}] as varchar[]),
        marts = cast([{{ marts | join(", ") }}] as varchar[]),
        gates_passed = cast([{{ gates_passed | join(", ") }}] as varchar[]),
        gates_broken = cast([{{ gates_broken | join(", ") }}] as varchar[])
    where invocation_id = {{ sql_text(invocation_id) }};
    {{ record_nodes(results) }}
    {{ record_inputs(results) }}
    {%- endif %}
{%- endmacro %}

{# Rows in and out: DuckDB knows how many rows a table has without reading it. A view has no count. #}
{% macro record_nodes(results) -%}
    {%- set ran = results | selectattr("node.resource_type", "in", ["model", "seed", "snapshot", "test"]) | list %}
    {%- if ran %}
    insert into builds.nodes
    select
        {{ sql_text(invocation_id) }},
        ran.node_id,
        ran.resource_type,
        nullif(ran.layer, ''),
        ran.name,
        ran.status,
        ran.seconds,
        ran.failures,
        tables.estimated_size
    from (
        values
        {%- for result in ran %}
            {%- set node = result.node %}
        (
            {{ sql_text(node.unique_id) }}, {{ sql_text(node.resource_type) }},
            {{ sql_text(node.schema if node.resource_type != "test" else "") }}, {{ sql_text(node.alias) }},
            {{ sql_text('unchanged' if result.message == 'UNCHANGED' else result.status) }}, {{ result.execution_time }},
            {{ result.failures if result.failures is not none else "cast(null as bigint)" }}
        ){{ "," if not loop.last }}
        {%- endfor %}
    ) as ran (node_id, resource_type, layer, name, status, seconds, failures)
    left join duckdb_tables() as tables
        on ran.layer = tables.schema_name and ran.name = tables.table_name and tables.database_name = current_database();
    {%- endif %}
{%- endmacro %}

{# A row is written when a version of a file comes and when it goes: a run with nothing new writes none. #}
{% macro record_inputs(results) -%}
    {%- set now = modules.datetime.datetime.utcnow().strftime("%Y-%m-%d %H:%M:%S") %}
    {%- set registers = [] %}
    {%- for result in results if result.node.name == "landed_files" and result.status == "success" %}
        {%- do registers.append(result.node.relation_name) %}
    {%- endfor %}
    {%- if goes_on_from_spark() %}
        {#- a view of what Spark was given -#}
        {%- do registers.append(relation_of_hook('landing', 'landed_files')) %}
    {%- endif %}
    {%- for files in registers if files is not none %}
    update builds.inputs
    set gone_invocation_id = {{ sql_text(invocation_id) }}, gone_at = timestamp '{{ now }}'
    where
        gone_at is null
        and (source_file, file_version) not in (select (source_file, file_version) from {{ files }});
    insert into builds.inputs
    select
        files.source_file,
        files.file_version,
        files.folder,
        files.source,
        files.shape,
        files.problem,
        files.size_bytes,
        files.checksum,
        files.modified_at,
        {{ sql_text(invocation_id) }},
        timestamp '{{ now }}',
        null,
        null
    from {{ files }} as files
    left join builds.inputs as known
        on
            files.source_file = known.source_file
            and files.file_version = known.file_version
            and known.gone_at is null
    where known.source_file is null;
    {%- endfor %}
{%- endmacro %}
