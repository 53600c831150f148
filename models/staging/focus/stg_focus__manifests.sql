{% set files = pending_files(ref('stg_files__inputs'), "folder = 'focus' and format = 'json' and size_bytes > 0") %}

with documents as (

    {% if files %}
    select
        filename as source_file,
        content
    from read_text({{ list_of_texts(files | map(attribute='source_file')) }})
    {% else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as content
    where false
    {% endif %}

),

runs as (

    select
        inputs.source_file,
        inputs.relative_path,
        inputs.source,
        {{ snapshot_scope('inputs.relative_path', 'focus_sources.snapshot_pattern') }} as snapshot_scope,
        {{ snapshot_age('inputs.relative_path', 'focus_sources.snapshot_pattern') }} as snapshot_age,
        documents.content
    from documents
    inner join {{ ref('stg_files__inputs') }} as inputs on documents.source_file = inputs.source_file
    inner join {{ ref('focus_sources') }} as focus_sources on inputs.source = focus_sources.source
    where focus_sources.delivery = 'snapshot'

),

listed as (

    select
        *,
        case
            when json_valid(content)
                then list_transform(
                        list_concat(
                            json_extract_string(content, '$.blobs[*].blobName'),
                            json_extract_string(content, '$.dataFiles[*]'),
                            json_extract_string(content, '$.reportKeys[*]')
                        ),
                        lambda path: regexp_extract(path, '([^/]+)$', 1)
                    )
            else {{ stop('{}: is no JSON; wait until the manifest is written, or take it away', ['relative_path']) }}
        end as file_names,
        count(*) over (partition by source, snapshot_scope, snapshot_age) as manifest_count,
        min(relative_path) over (partition by source, snapshot_scope, snapshot_age) as first_path
    from runs
    where coalesce(snapshot_age, '') != ''

)

select
    source_file,
    relative_path,
    source,
    snapshot_scope,
    snapshot_age,
    file_names
from listed
where
    case
        when manifest_count > 1 and relative_path != first_path
            then {{ stop(
                '{}: source {} has a second manifest for the same run, {}; take one of the two runs away',
                ['relative_path', 'source', 'first_path']
            ) }} is not null
        else len(file_names) > 0
    end
