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
    comment on table builds.invocations is
        'One row a dbt command that changed this database. Only a whole build that finished without problems is published';
    insert into builds.invocations (invocation_id, command, is_whole, started_at, database_format) values (
        {{ sql_text(invocation_id) }},
        {{ sql_text(flags.WHICH) }},
        {{ (flags.WHICH == "build" and not narrowed) | lower }},
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}',
        {{ database_format() }}
    );
    {%- endif %}
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
    {%- endif %}
{%- endmacro %}
