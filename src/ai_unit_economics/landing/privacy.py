"""Personal data: what of it is kept, hashed or dropped before a row is stored.

`KINDS` is the one list of kinds. Landing, the doctor and docs/personal-data.md read it. A hash is keyed: without the
key nobody can try names out. The key never stands in a query's text, in the database or in a log: a session holds it
in two variables for as long as rows are landed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.tables import Column, Table
from ai_unit_economics.sql import Sql, identifier, joined, sql

KEEP, HASH, DROP = "keep", "hash", "drop"
TREATMENTS = (KEEP, HASH, DROP)
SALT = "UNIT_ECONOMICS_PRIVACY_SALT"
SHORTEST_SALT = 16
# 96 bits: among ten billion names the chance that two are the same is one in a billion.
DIGITS = 24
DROPPED_EMAIL = "[e-mail]"
# `@` may be written as in a URL or as in JSON. The sets name what is no part: the sets of all letters of all languages
# take a tenth of a second to be read, for each query. A service account of Google is no person.
_LOCAL = r"[^\x00-\x24\x26\x28-\x2a\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"
_LABEL = r"[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]"
_LETTER = r"[^\x00-\x40\x5b-\x60\x7b-\x7f]"
EMAIL = rf"{_LOCAL}+(?:@|%40|\\u0040){_LABEL}+(?:\.{_LABEL}+)*\.{_LETTER}{{2,}}"
NO_PERSON = ".gserviceaccount.com"
# Columns that hold numbers, times, and words of a specification or of a provider: there is no address in them.
WITHOUT_EMAIL = re.compile(
    "(Cost|Price|Quantity|Currency|Category|Subcategory|Class|Frequency|Unit|Start|End|Status|Type|Percentage|Created|"
    "Updated|Date|Grain|Interval|Terms|Model|_tokens|_seen|_length)$"
    "|^(Region|Sku|Service|Host|Provider|Publisher|InvoiceIssuer|AvailabilityZone|CommitmentProgram)"
    "|^(source_file|file_version|problem|source|shape|name|metric|columns_of|requests|step|valid_from|valid_to|cache_hit)$"
)


@dataclass(frozen=True)
class Kind:
    """A kind of personal data.

    Attributes:
        name: how the variable `privacy` calls it.
        default: its treatment where the variable does not say.
        prefix: what a pseudonym begins with.
        columns: the columns of landed tables that hold it.
        labels: the labels of Prometheus samples that hold it.
        describes: what it is, for docs/personal-data.md.
    """

    name: str
    default: str
    prefix: str
    columns: frozenset[str]
    labels: frozenset[str]
    describes: str


KINDS = (
    Kind(
        "user_id",
        HASH,
        "user_",
        frozenset({"user_id", "PrincipalId"}),
        frozenset({"user", "user_id", "user.id", "end_user", "enduser_id", "enduser.id", "user_name", "username"}),
        "who asked, as a person: request rows, product activity, reports of providers, FOCUS `PrincipalId`",
    ),
    Kind(
        "session_id",
        HASH,
        "session_",
        frozenset({"session_id"}),
        frozenset({"session_id", "session.id", "gen_ai.conversation.id"}),
        "the conversation: request rows, product activity",
    ),
    Kind(
        "customer_id",
        KEEP,
        "customer_",
        frozenset({"customer_id"}),
        frozenset({"customer_id", "customer.id", "customer"}),
        "the customer: request rows, product activity, the table of customers",
    ),
    Kind(
        "email",
        HASH,
        "email_",
        frozenset(),
        frozenset({"email", "user_email", "user.email"}),
        "e-mail addresses within any other text: tags and labels, names, ids that are kept, descriptions",
    ),
    Kind(
        "resource_name",
        KEEP,
        "resource_",
        frozenset({"ResourceName", "AllocatedResourceName"}),
        frozenset(),
        "the name that somebody gave a resource: FOCUS `ResourceName`; ids stay",
    ),
    Kind(
        "account_name",
        KEEP,
        "account_",
        frozenset({"BillingAccountName", "SubAccountName"}),
        frozenset(),
        "the name of an account: FOCUS `BillingAccountName`, `SubAccountName`; ids stay",
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
_OF_COLUMN = {column: kind for kind in KINDS for column in kind.columns}
_OF_LABEL = {label: kind for kind in KINDS for label in kind.labels}
# Samples of files whose labels hold personal data: those cannot stay behind a view, which would show them as they are.
TREATED_SAMPLES = Table(
    "prometheus_samples_treated",
    "One row per sample of a file with personal data in its labels.",
    "What the view `landed_prometheus_samples` reads of such files.",
    (
        *tables.PROMETHEUS_SAMPLES.columns,
        Column("file_version", "VARCHAR", "[file_version]"),
        Column("problem", "VARCHAR", "Why the file could not be read."),
    ),
)
_MARK = "privacy:"
_INNER, _OUTER = "ai_unit_economics_inner_key", "ai_unit_economics_outer_key"


class PrivacyError(Exception):
    """What is to happen to personal data is not known, or cannot be done; nothing has been stored."""


@dataclass(frozen=True)
class Privacy:
    """What happens to each kind of personal data, and the key of its hashes (None where nothing is hashed)."""

    treatments: Mapping[str, str]
    key: bytes | None = None

    @cached_property
    def is_idle(self) -> bool:
        return all(treatment == KEEP for treatment in self.treatments.values())

    @cached_property
    def version(self) -> str:
        """Part of a file's version: with another treatment or key every file is read anew, so nothing is mixed."""
        if self.is_idle:
            return ""
        key = hmac.digest(self.key or b"", b"which key", "sha256").hex()[:8]
        return f"{self.treatments_version}{key}"

    @cached_property
    def treatments_version(self) -> str:
        """The part of the version that does not depend on the key."""
        if self.is_idle:
            return ""
        text = json.dumps(sorted(self.treatments.items()))
        return f"{_MARK}{hashlib.sha256(text.encode()).hexdigest()[:8]}:"

    def pseudonym(self, kind: str, value: str) -> str:
        """What stands for a value of a kind that is hashed."""
        message = f"{kind}:{value.strip()}".encode()
        return BY_NAME[kind].prefix + hmac.digest(self.key or b"", message, "sha256").hex()[:DIGITS]

    @contextmanager
    def ready(self, session: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Gives the session the key for as long as it lands rows."""
        if self.key is None:
            yield
            return
        block = (hashlib.sha256(self.key).digest() if len(self.key) > 64 else self.key).ljust(64, b"\0")
        for name, pad in ((_INNER, 0x36), (_OUTER, 0x5C)):
            session.execute(f"set variable {name} = ?", [bytes(byte ^ pad for byte in block)])
        try:
            yield
        finally:
            for name in (_INNER, _OUTER):
                session.execute(f"reset variable {name}")

    def treated(self, rows: Sql, table: Table) -> Sql:
        """`rows` of a landed table, in parentheses, as they may be stored; columns that they do not have are null."""
        values = {column.name: value for column in table.columns if (value := self._value(column)) is not None}
        if not values or self.is_idle:
            return rows
        replaced = joined(
            sql("{value} as {name}", value=value, name=identifier(name)) for name, value in values.items()
        )
        return sql(
            "(select * replace ({replaced}) from ({empty} union all by name select * from {rows}))",
            replaced=replaced,
            empty=table.empty,
            rows=rows,
        )

    def _value(self, column: Column) -> Sql | None:
        """How a column is stored; None where it is stored as it is."""
        cell = identifier(column.name)
        if column.name == "has_personal_labels":
            return sql(
                "({map} is distinct from labels or {text} is distinct from labels_json)",
                map=self._labels(sql("labels")),
                text=self._labels_text(sql("labels_json")),
            )
        if column.name == "labels":
            return self._labels(cell)
        if column.name == "labels_json":
            return self._labels_text(cell)
        if column.type == "MAP(VARCHAR, VARCHAR)":
            return self._map(cell, with_labels=False)
        if column.type != "VARCHAR":
            return None
        kind = _OF_COLUMN.get(column.name)
        if kind and self.treatments[kind.name] != KEEP:
            return _hashed(kind, cell) if self.treatments[kind.name] == HASH else sql("cast(null as varchar)")
        if WITHOUT_EMAIL.search(column.name) or self.treatments["email"] == KEEP:
            return None
        return self._without_emails(cell, self.treatments["email"])

    def _without_emails(self, cell: Sql, treatment: str) -> Sql:
        if treatment == KEEP:
            return cell
        address = sql("pair[2]")
        return sql(
            """case
                when contains({cell}, '@') or contains({cell}, '%40') or contains({cell}, {escaped})
                    then array_to_string(list_transform(
                        list_zip(regexp_split_to_array({cell}, {email}), regexp_extract_all({cell}, {email})),
                        lambda pair: concat(pair[1], case
                            when {address} is null or ends_with({address}, {no_person}) then {address} else {changed}
                        end)
                    ), '')
                else {cell}
            end""",
            cell=cell,
            escaped=r"\u0040",
            email=EMAIL,
            address=address,
            no_person=NO_PERSON,
            changed=_hashed(BY_NAME["email"], address) if treatment == HASH else DROPPED_EMAIL,
        )

    def _labels(self, cell: Sql) -> Sql:
        return self._map(cell, with_labels=True)

    def _map(self, cell: Sql, *, with_labels: bool) -> Sql:
        """Values of a map. A label of samples is hashed where it would be dropped: two counters must stay two."""
        value = sql("entry.value")
        email = self.treatments["email"]
        plain = self._without_emails(value, HASH if with_labels and email == DROP else email)
        cases = [
            sql(
                "when lower(entry.key) in {labels} then {hashed}",
                labels=sorted(kind.labels),
                hashed=_hashed(kind, value),
            )
            for kind in KINDS
            if with_labels and kind.labels and self.treatments[kind.name] != KEEP
        ]
        changed = sql("case {cases} else {plain} end", cases=joined(cases, " "), plain=plain) if cases else plain
        return sql(
            """case
                when {cell} is not null
                    then map_from_entries(list_transform(
                        map_entries({cell}), lambda entry: struct_pack(key := entry.key, value := {changed})
                    ))
            end""",
            cell=cell,
            changed=changed,
        )

    def _labels_text(self, cell: Sql) -> Sql:
        """Labels that are a text of JSON are taken apart where a label's name, and not its value, tells what it is."""
        names = sorted(label for kind in KINDS if self.treatments[kind.name] != KEEP for label in kind.labels)
        email = self.treatments["email"]
        plain = self._without_emails(cell, HASH if email == DROP else email)
        if not names:
            return plain
        parsed = sql("try_cast(try_cast({cell} as json) as map(varchar, varchar))", cell=cell)
        return sql(
            """case
                when regexp_matches({cell}, {names}, 'i') and {parsed} is not null
                    then cast(to_json({treated}) as varchar)
                else {plain}
            end""",
            cell=cell,
            names=rf'"({"|".join(map(re.escape, names))})"\s*:',
            parsed=parsed,
            treated=self._labels(parsed),
            plain=plain,
        )


def _hashed(kind: Kind, cell: Sql) -> Sql:
    """HMAC-SHA256 of a value; what is empty stays so."""
    return sql(
        """case
            when trim({cell}) in ('', 'null', 'NULL') then {cell}
            when {cell} is not null
                then {prefix} || left(sha256(
                    getvariable({outer}) || unhex(sha256(getvariable({inner}) || encode({kind} || trim({cell}))))
                ), {digits})
        end""",
        cell=cell,
        prefix=kind.prefix,
        outer=_OUTER,
        inner=_INNER,
        kind=f"{kind.name}:",
        digits=DIGITS,
    )


def privacy_part(settings: str) -> str:
    """What the settings of a file's version say of personal data; empty where all of it was kept."""
    return settings[settings.index(_MARK) :] if _MARK in settings else ""


KEEPS_ALL = Privacy({kind.name: KEEP for kind in KINDS})


def privacy_of(given: Mapping[str, str] | None, beside: Path | None) -> Privacy:
    """What the variable `privacy` says, with the key of the environment, else of a file that is made once.

    Args:
        given: treatment by kind; a kind that is not named has its default.
        beside: what the file of the key lies beside, with `.salt` behind its name; None where nothing is a file.

    Raises:
        PrivacyError: a kind or treatment is unknown, or there is no key.
    """
    treatments = treatments_of(given)
    return Privacy(treatments, _key(beside) if HASH in treatments.values() or DROP in treatments.values() else None)


def treatments_of(given: Mapping[str, str] | None) -> dict[str, str]:
    """The treatment of every kind."""
    if given is not None and not isinstance(given, Mapping):
        raise PrivacyError(f"privacy in dbt_project.yml is {given!r}: write kinds with treatments, {{user_id: hash}}")
    problems = [
        f"it names the kind {name!r}; the kinds are {', '.join(BY_NAME)}" for name in given or {} if name not in BY_NAME
    ]
    problems += [
        f"{name} is {treatment!r}; the treatments are {', '.join(TREATMENTS)}"
        for name, treatment in (given or {}).items()
        if name in BY_NAME and treatment not in TREATMENTS
    ]
    if problems:
        raise PrivacyError("privacy in dbt_project.yml: " + "; ".join(problems))
    return {kind.name: (given or {}).get(kind.name, kind.default) for kind in KINDS}


def salt_file(beside: Path) -> Path:
    """Where the key lies that nobody gave."""
    return beside.with_name(f"{beside.name}.salt")


def _key(beside: Path | None) -> bytes:
    given = os.environ.get(SALT, "")
    if given:
        if len(given) < SHORTEST_SALT:
            raise PrivacyError(f"{SALT} is shorter than {SHORTEST_SALT} characters: names could be found by trying")
        return given.encode()
    if beside is None:
        raise PrivacyError(
            f"personal data is to be hashed, and this database is no file beside which a key could lie: set {SALT}"
        )
    return _key_of_file(salt_file(beside))


def _key_of_file(path: Path) -> bytes:
    """The key in a file that only its owner can read; it is made where there is none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise PrivacyError(f"{path} cannot be written ({error.strerror}): set {SALT}") from None
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
    try:
        path.chmod(0o600)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PrivacyError(f"{path} cannot be read ({error}): it holds the key of hashed ids; or set {SALT}") from None
    if len(key) < SHORTEST_SALT:
        raise PrivacyError(f"{path} is broken: restore it, or remove it, and all files are read anew by another key")
    return key.encode()


def database_of(session: duckdb.DuckDBPyConnection, name: str) -> Path | None:
    """The file of an attached database; None where it is none."""
    found = session.execute("select path from duckdb_databases() where database_name = ?", [name]).fetchone()
    return Path(found[0]) if found and found[0] and "://" not in found[0] and not found[0].startswith("md:") else None


# In these seeds a row looks for a value: by the name of the column that says where, and of the one that says what.
_RULES = ("cost_rules", "sku_meters", "amortization_schedules")


def hidden_from_rules(privacy: Privacy, seeds: Mapping[str, Sequence[Mapping[str, str | None]]]) -> list[str]:
    """Rows of seeds that look for what the project no longer sees, a line each: they would match nothing."""
    lines: list[str] = []
    for seed in _RULES:
        for row in seeds.get(seed, ()):
            kind = _OF_COLUMN.get(row.get("column_name") or "")
            lines += _hidden(privacy, seed, row, kind, row.get("value"), row.get("operator"))
    for row in seeds.get("series_rules", ()):
        lines += _hidden(
            privacy, "series_rules", row, _OF_LABEL.get(row.get("label") or ""), row.get("value"), row.get("operator")
        )
    for row in seeds.get("cost_owners", ()):
        kind = BY_NAME["customer_id"] if row.get("match_type") == "customer" else None
        lines += _hidden(privacy, "cost_owners", row, kind, row.get("match_value"), "equals")
    return lines


def _hidden(
    privacy: Privacy,
    seed: str,
    row: Mapping[str, str | None],
    kind: Kind | None,
    value: str | None,
    operator: str | None,
) -> Iterator[str]:
    value = value or ""
    name = f"{seed}.csv, row {row.get('priority') or row.get('schedule_id') or row.get('source') or ''} ({value})"
    if kind and privacy.treatments[kind.name] != KEEP:
        is_pseudonym = value.startswith(kind.prefix) and privacy.treatments[kind.name] == HASH
        if not is_pseudonym and not (operator == "exists" and privacy.treatments[kind.name] == HASH):
            yield f"{name}: it looks for a {kind.name}, which is {_way_out(privacy, kind.name)}"
    elif _SOUGHT_EMAIL.search(value) and not value.endswith(NO_PERSON) and privacy.treatments["email"] != KEEP:
        yield f"{name}: it looks for an e-mail address, which is {_way_out(privacy, 'email')}"


# Also as a pattern, such as `%@example.com` or `.*@example\.com`.
_SOUGHT_EMAIL = re.compile(r"@[\w-]+(\\?\.[\w-]+)*\\?\.[^\W\d_]{2,}")


def _way_out(privacy: Privacy, kind: str) -> str:
    if privacy.treatments[kind] == DROP:
        return f"dropped: choose another column, or {{{kind}: hash}} for the variable privacy"
    return (
        f"hashed: write what `ai-unit-economics pseudonym {kind} VALUE` prints, or choose {{{kind}: keep}} for the "
        "variable privacy"
    )


def without_emails(text: str | None) -> str | None:
    """A message or a name as it may be stored and shown."""
    if not text or not _AT.search(text):
        return text
    if len(text) <= LONG_TEXT:
        return re.sub(_WRITTEN_EMAIL, DROPPED_EMAIL, text)
    # Python looks from every character to the end of the text: a name of a megabyte would take it a day
    with duckdb.connect() as session:
        values = [text.encode(errors="replace").decode(), EMAIL, DROPPED_EMAIL]
        (changed,) = session.execute("select regexp_replace(?, ?, ?, 'g')", values).fetchone() or (None,)
    return changed


LONG_TEXT = 1000
_AT = re.compile(r"@|%40|\\u0040")
_WRITTEN_EMAIL = re.compile(EMAIL)
