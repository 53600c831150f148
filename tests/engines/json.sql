-- JSON by the macros of macros/engines/json.sql, and tags of every shape. A text with a document and a rest is no document; of a key
-- that is there twice in a list of entries the first counts, and an object that has one is unreadable; 0.000000150000 is 1.5e-7.
-- Of credits all have an amount that can be read, or there is no sum.
with documents as (

    select
        documents.document,
        documents.is_document
    from (
        values
        ('{"a": 1, "a": 2}', true),
        (' [1, "x"] ', true),
        ('"a": "b"', false),
        ('1, 2', false),
        ('{"a": 1}} ', false),
        ('{"a": 1}] {}', false),
        ('1]', false),
        ('{a: 1}', false),
        ('{"a": 01}', false),
        ('nothing', false),
        ('', false)
    ) as documents (document, is_document)

),

tags as (

    select
        tags.given,
        tags.expected,
        {{ normal_tags('tags.given') }} as found
    from (
        values
        ('{"team": "ml", "env": null}', '{"team": "ml", "env": null}'),
        (
            '{"b": ["ml"], "a": ["x", 1], "c/~": 1.50, "d": null, "e": []}',
            '{"b":"ml","a":"[\"x\",1]","c/~":"1.5","d":null,"e":"[]"}'
        ),
        ('{"team": ["ml"], "env": "prod", "team": "x"}', null),
        ('"{\"team\": \"ml\"}"', '{"team": "ml"}'),
        ('"team": "ml", "env": "prod"', '{"team": "ml", "env": "prod"}'),
        (
            '[{"key": "team", "value": "ml"}, {"Key": "env", "Value": 1}, {"key": "team", "value": "x"}]',
            '{"env":"1","team":"ml"}'
        ),
        ('[{"name": "team"}]', '{"team":null}'),
        ('[{"key": "a", "value": 1.0}, {"key": "b", "value": {"c": ["d"]}}]', '{"a":"1.0","b":"{\"c\":[\"d\"]}"}'),
        ('{"resource_tags": {"team": "ml"}}', '{"team": "ml"}'),
        ('{"Labels": [{"key": "team", "value": "ml"}]}', '{"team":"ml"}'),
        ('{"a": [1.0], "b": "[x]"}', '{"a":"1.0","b":"[x]"}'),
        ('["team:ml", "env=a:b"]', '{"env":"a:b","team":"ml"}'),
        (
            '{"list": [{"element": {"key": "team", "value": "ml"}}, {"element": "env:prod"}]}',
            '{"env":"prod","team":"ml"}'
        ),
        ('[]', '{}'),
        ('["team"]', null),
        ('[5]', null),
        ('team:ml', null),
        ('"team"', null),
        (null, null)
    ) as tags (given, expected)

),

shares as (

    select
        cast(shares.given as decimal(13, 12)) as share,
        shares.expected
    from (
        values
        ('1', '1.0'),
        ('0', '0.0'),
        ('0.25', '0.25'),
        ('0.007253689390', '0.00725368939'),
        ('0.000010000000', '0.00001'),
        ('0.000001234567', '0.000001234567'),
        ('0.000000150000', '1.5e-7'),
        ('0.000000000001', '1e-12')
    ) as shares (given, expected)

),

credits as (

    select
        credits.given,
        credits.expected,
        {{ sum_of_credits('credits.given') }} as found
    from (
        values
        ('[{"Amount": "-1.25"}, {"amount": -0.000000000000000001}]', '-1.250000000000000001'),
        ('{"list": [{"element": {"Amount": -3}}, {"element": {"Amount": "-1,000.5"}}]}', '-1003.500000000000000000'),
        ('[{"Amount": "-1.25"}, {"x": 1}]', null),
        ('[{"Amount": "-1.25"}, null]', null),
        ('[]', null),
        ('{"Amount": "1"}', null),
        ('none', null)
    ) as credits (given, expected)

),

cases as (

    select
        document as name,
        cast({{ is_json('document') }} as string) as found,
        cast(is_document as string) as expected
    from documents
    union all
    select
        given as name,
        found,
        expected
    from tags
    union all
    select
        expected as name,
        {{ json_of_share('share') }} as found,
        expected
    from shares
    union all
    select
        given as name,
        cast(found as string) as found,
        expected
    from credits
    union all
    select
        'a text in quotes' as name,
        {{ json_of_text("'a\"b'") }} as found,
        '"a\"b"' as expected
    union all
    select
        'no text' as name,
        {{ json_of_text('cast(null as string)') }} as found,
        'null' as expected
    union all
    select
        'null is named' as name,
        {{ json_of(struct_of({'a': "'x/é'", 'b': 'cast(null as string)'})) }} as found,
        '{"a":"x/é","b":null}' as expected

)

select *
from cases
where found is distinct from expected
