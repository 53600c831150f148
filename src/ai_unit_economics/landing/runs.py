"""Which files of a bill count: how a source delivers, which run of an export is the newest, which file is a copy.

A source that `focus_sources` does not speak of is taken by its folders for what they show; without such folders each
file is the truth for its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from ai_unit_economics.landing.files import File
from ai_unit_economics.landing.heads import Head, json_of

RUNS = ("snapshot", "cumulative")
DAYS = re.compile(r"(\d{8})-(\d{8})")
TIME_OF_RUN = re.compile(r"\d{12}")
# A file of AWS that the next refresh writes over; beside it lie the folders of runs, where the export keeps them now.
OVERWRITTEN = re.compile(r"^focus/(.*)/data/(BILLING_PERIOD=[^/]+)/[^/]+$")
# Files that were copied together have times of the same hour, whatever they are.
COPIED_TOGETHER = timedelta(hours=1)
# What an export of Azure is of stands in its id before its name.
AZURE_EXPORT = re.compile(r"^(.+)/providers/microsoft\.costmanagement/exports/", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """Folders by which a provider's way of delivering is known, where `focus_sources` says nothing."""

    name: str
    delivery: str
    pattern: str


LAYOUTS = (
    Layout("Azure's folders of runs", "snapshot", r"^focus/(.*)/(\d{8}-\d{8})/[^/]+/(\d{12})/"),
    Layout("Azure's folders of an export", "snapshot", r"^focus/(.*)/(\d{8}-\d{8})/(\d{12})/"),
    Layout(
        "AWS's folders of runs",
        "snapshot",
        r"^focus/(.*)/(?:data|metadata)/(BILLING_PERIOD=[^/]+)/(\d{4}-\d\d-\d\dT[^/]*)/",
    ),
    Layout("LiteLLM's folders of hours", "cumulative", r"^focus/.*(date=[^/]+)/(hour=\d+)/"),
)


@dataclass(frozen=True)
class Delivery:
    """Whether a file counts.

    Attributes:
        delivery: `overwrite`, `append`, `snapshot` or `cumulative`.
        scope: what its run covers, but for its days.
        days: first and last day of its run, where its folder or manifest says so.
        run_at: how old its run is; the greatest text is the newest.
        superseded_days: days of its run that a newer run states.
        not_current_because: why it does not count.
        problem: why nobody can tell, which stops the build.
        note: what was assumed.
        listed_row_count: how many rows the manifest of its export says that it has.
    """

    delivery: str = "overwrite"
    scope: str | None = None
    days: tuple[date, date] | None = None
    run_at: str | None = None
    superseded_days: tuple[date, ...] = ()
    not_current_because: str | None = None
    problem: str | None = None
    note: str | None = None
    listed_row_count: int | None = None


@dataclass(frozen=True)
class Manifest:
    """What the manifest of a run says: which files it has and, with Azure, when it ran, for which days and of what."""

    file: File
    file_names: frozenset[str]
    run_at: str | None = None
    days: tuple[date, date] | None = None
    scope: str | None = None
    row_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        return self.file.relative_path.rpartition("/")[0]

    @property
    def folders(self) -> tuple[str, str]:
        """Where its files may lie: beside it or, with AWS, in `data` where it is in `metadata`."""
        before, _, after = f"{self.folder}/".rpartition("/metadata/")
        return self.folder, f"{before}/data/{after}".rstrip("/")


def read_manifest(file: File, text: str) -> Manifest | None:
    """A file of JSON as a manifest of AWS or Azure; None where it is none."""
    try:
        document = json_of(text)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    blobs = document.get("blobs")
    paths = [blob.get("blobName") for blob in blobs if isinstance(blob, dict)] if isinstance(blobs, list) else []
    for key in ("dataFiles", "reportKeys"):
        paths += document[key] if isinstance(document.get(key), list) else []
    names = frozenset(path.rsplit("/", 1)[-1] for path in paths if isinstance(path, str))
    if not names:
        return None
    run = document.get("runInfo")
    run = run if isinstance(run, dict) else {}
    config = document.get("exportConfig")
    export = AZURE_EXPORT.match(str(config.get("resourceId"))) if isinstance(config, dict) else None
    return Manifest(
        file,
        names,
        _time_of_run(run.get("submittedTime")),
        _days(run.get("startDate"), run.get("endDate")),
        export.group(1).lower() if export else None,
        _row_counts(blobs if isinstance(blobs, list) else []),
    )


def _row_counts(blobs: list[object]) -> dict[str, int]:
    """By name of a file its rows, where a manifest tells them."""
    told = ((blob.get("blobName"), blob.get("dataRowCount")) for blob in blobs if isinstance(blob, dict))
    return {name.rsplit("/", 1)[-1]: rows for name, rows in told if isinstance(name, str) and type(rows) is int}


def _time_of_run(text: object) -> str | None:
    """2026-09-03T04:00:07.5Z as Azure begins to write it in a path, 202609030400, and on: 202609030400075."""
    digits = re.sub(r"\D", "", re.sub(r"(T[^Z+-]*).*", r"\1", str(text or "")))
    return digits.ljust(12, "0") if len(digits) >= 8 else None


def _days(first: object, last: object) -> tuple[date, date] | None:
    dates = [_date(re.sub(r"\D", "", str(text or ""))[:8]) for text in (first, last)]
    return (dates[0], dates[1]) if dates[0] and dates[1] and dates[0] <= dates[1] else None


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


@dataclass
class _Run:
    files: list[str] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)

    def has_all_files(self, names: Mapping[str, str]) -> bool:
        here = {names[path] for path in self.files}
        return all(manifest.file_names <= here for manifest in self.manifests)


def deliveries(
    files: Sequence[tuple[File, Head]], manifests: Iterable[Manifest], sources: Mapping[str, Mapping[str, str]]
) -> dict[str, Delivery]:
    """By path whether each file of charges counts.

    Args:
        files: the files of charges, which could be recognised.
        manifests: the manifests among the other files.
        sources: rows of `focus_sources` by source.
    """
    found: dict[str, Delivery] = {}
    by_source: dict[str, list[tuple[File, Head]]] = {}
    for file, head in files:
        by_source.setdefault(file.source or "", []).append((file, head))
    manifests_of: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        manifests_of.setdefault(manifest.file.source or "", []).append(manifest)
    for source, own in by_source.items():
        found |= _of_source(own, manifests_of.get(source, []), sources.get(source, {}))
    return found


def _of_source(
    files: list[tuple[File, Head]], manifests: list[Manifest], settings: Mapping[str, str]
) -> dict[str, Delivery]:
    declared = settings.get("delivery") or None
    by_folder = {manifest.folder: manifest for manifest in manifests}
    scopes = _scopes(manifests)
    placed = {
        file.path: _place(file, by_folder.get(file.relative_path.rpartition("/")[0]), declared, settings, scopes)
        for file, _ in files
    }
    placed = _before_runs(files, placed)
    if any(place.delivery in RUNS for place in placed.values()):
        placed = _newest(files, placed, manifests, declared, settings, scopes)
    placed = _as_listed(files, placed, manifests)
    for file, _ in files:
        folder, _, name = file.relative_path.rpartition("/")
        rows = by_folder[folder].row_counts.get(name) if folder in by_folder else None
        placed[file.path] = replace(placed[file.path], listed_row_count=rows)
    return _without_copies(files, placed)


def _homes(folder: str) -> tuple[str, ...]:
    """The folder of an export, without those of its runs; and that of its scope, where exports lie beneath a range."""
    parts = folder.split("/")
    days = next((place for place, part in enumerate(parts) if DAYS.fullmatch(part)), None)
    if days is None:
        return (folder,)
    time = next((place for place, part in enumerate(parts) if place > days and TIME_OF_RUN.fullmatch(part)), days)
    export = parts[days + 1 : time]
    around = "/".join(parts[:days])
    return ("/".join(parts[:days] + export), around) if export else (around,)


def _scopes(manifests: list[Manifest]) -> dict[str, str]:
    """By folder of exports what all their manifests say that they are of: for a run whose manifest is still to come."""
    found: dict[str, set[str]] = {}
    for manifest in manifests:
        for home in _homes(manifest.folder) if manifest.scope else ():
            found.setdefault(home, set()).add(manifest.scope)
    return {home: min(scopes) for home, scopes in found.items() if len(scopes) == 1}


def _scope(folder: str, manifest: Manifest | None, scopes: Mapping[str, str]) -> str | None:
    """What the export of a run is of, by its manifest or by those of its siblings. A folder's name is no better:
    another export of the same scope has another one, and two scopes may share a folder."""
    of_siblings = (scopes[home] for home in _homes(folder) if home in scopes)
    return (manifest and manifest.scope) or next(of_siblings, None)


def _place(
    file: File,
    manifest: Manifest | None,
    declared: str | None,
    settings: Mapping[str, str],
    scopes: Mapping[str, str],
) -> Delivery:
    """What a file's path, or the manifest beside it, says of its run."""
    if declared and declared not in RUNS:
        return Delivery(declared)
    known = _scope(file.relative_path.rpartition("/")[0], manifest, scopes)
    layouts = [Layout("", declared, settings.get("snapshot_pattern") or "")] if declared else LAYOUTS
    if problem := _problem_of(layouts[0].pattern, file.source):
        return Delivery(declared, problem=problem)
    for layout in layouts:
        if match := re.search(layout.pattern, file.relative_path):
            scope, days, run_at = _parts(match)
            run_at = (manifest and manifest.run_at) or run_at
            days = days or (manifest and manifest.days)
            note = None if declared else f"taken for {layout.name}"
            return Delivery(layout.delivery, known or scope, days, run_at, note=note)
    if manifest and manifest.run_at:
        folder = manifest.folder.rpartition("/")[0]
        days = DAYS.search(manifest.folder)
        return Delivery(
            "snapshot",
            known or DAYS.sub("", folder).strip("/"),
            manifest.days or (days and _days(*days.groups())),
            manifest.run_at,
            note=None if declared else "taken for runs, by their manifests",
        )
    if declared:
        return Delivery(
            declared,
            problem=f"the snapshot_pattern of source {file.source} in seeds/config/focus_sources.csv does not "
            f"match, and no "
            "manifest beside it says when the run was; keep the provider's folders, or correct the pattern",
        )
    return Delivery()


def _before_runs(files: list[tuple[File, Head]], placed: dict[str, Delivery]) -> dict[str, Delivery]:
    """What an export of AWS left from before it kept its runs is the oldest of them.

    An export may as well begin to overwrite itself: then the file is the newer one.
    """
    written: dict[str, list[datetime]] = {}
    for file, _ in files:
        if placed[file.path].delivery == "snapshot":
            written.setdefault(placed[file.path].scope or "", []).append(file.modified_at)
    judged = dict(placed)
    for file, _ in files:
        match = OVERWRITTEN.match(file.relative_path)
        scope = " ".join(match.groups()) if match else ""
        if placed[file.path] != Delivery() or scope not in written:
            continue
        judged[file.path] = Delivery("snapshot", scope, run_at="", note="taken for older than the runs beside it")
        if file.modified_at > max(written[scope]) + COPIED_TOGETHER:
            problem = (
                "an export that overwrites itself wrote it after the runs that lie in folders beside it: "
                "take away what the export no longer writes, the file or the folders"
            )
            judged[file.path] = replace(judged[file.path], problem=problem)
    return judged


def _problem_of(pattern: str, source: str | None) -> str | None:
    """What is wrong with the snapshot_pattern of a source."""
    where = f"seeds/config/focus_sources.csv, source {source}: the snapshot_pattern {pattern}"
    try:
        if re.compile(pattern).groups:
            return None
    except re.error as error:
        return f"{where} is no regular expression, {error}; correct it"
    return f"{where} has no group in parentheses that says how old a run is; correct it"


def _parts(match: re.Match[str]) -> tuple[str, tuple[date, date] | None, str]:
    """The last group is the age; of those before it, 20260901-20260930 are days, and the others are the scope."""
    *scope, run_at = (group or "" for group in match.groups())
    days = next((found for part in scope if (found := DAYS.fullmatch(part))), None)
    kept = [part for part in scope if not DAYS.fullmatch(part)]
    return " ".join(kept), (days and _days(*days.groups())) or None, run_at


def _newest(
    files: list[tuple[File, Head]],
    placed: dict[str, Delivery],
    manifests: list[Manifest],
    declared: str | None,
    settings: Mapping[str, str],
    scopes: Mapping[str, str],
) -> dict[str, Delivery]:
    names = {file.path: file.relative_path.rsplit("/", 1)[-1] for file, _ in files}
    runs: dict[tuple, _Run] = {}
    for path, place in placed.items():
        if place.delivery == "snapshot" and not place.problem:
            runs.setdefault((place.scope, place.days, place.run_at), _Run()).files.append(path)
    for manifest in manifests:
        place = _place(manifest.file, manifest, declared, settings, scopes)
        if run := runs.get((place.scope, place.days, place.run_at)):
            run.manifests.append(manifest)
    # A manifest is written last: where a source has manifests, a run without one, or without a file of it, is not all
    # there.
    has_manifests = any(run.manifests for run in runs.values())
    complete = {key for key, run in runs.items() if run.has_all_files(names) and (run.manifests or not has_manifests)}
    return {path: _judged(path, place, runs, complete, names) for path, place in placed.items()}


def _judged(
    path: str, place: Delivery, runs: Mapping[tuple, _Run], complete: set[tuple], names: Mapping[str, str]
) -> Delivery:
    if place.delivery != "snapshot" or place.problem:
        return place
    key = (place.scope, place.days, place.run_at)
    if len(runs[key].manifests) > 1:
        paths = " and ".join(manifest.file.relative_path for manifest in runs[key].manifests)
        return replace(place, problem=f"two runs have the same time, {paths}; take one of them away")
    if not any(other[0] == place.scope and _share_days(other[1], place.days) for other in complete):
        return replace(
            place,
            problem=f"no run of {place.scope or 'its folder'}{_in_words(place.days)} is complete: a manifest, or a "
            f"file that it lists, is missing; "
            "copy the run again",
        )
    newer = [other for other in complete if other[0] == place.scope and (other[2] or "") > (place.run_at or "")]
    if any(place.days is None or other[1] is None or place.days == other[1] for other in newer):
        return replace(place, not_current_because="older_run")
    days = _each_day(place.days)
    stated = {day for other in newer for day in _each_day(other[1])}
    superseded = tuple(day for day in days if day in stated)
    # the last day of a range may be the day behind it: whether its run has charges of it, staging can tell
    surely = {day for other in newer for day in _each_day(other[1])[:-1]}
    if superseded and (surely.issuperset(days) or any(set(days) <= set(_each_day(other[1])) for other in newer)):
        return replace(place, not_current_because="older_run")
    if key not in complete:
        return replace(place, not_current_because="incomplete_run")
    if any(names[path] not in manifest.file_names for manifest in runs[key].manifests):
        return replace(place, not_current_because="not_in_manifest")
    return replace(place, superseded_days=superseded)


def _as_listed(
    files: list[tuple[File, Head]], placed: dict[str, Delivery], manifests: list[Manifest]
) -> dict[str, Delivery]:
    """What the manifest of an export that is overwritten says of the files beside it.

    Without a file that it lists nobody knows what the bill costs. One that it does not list was left by an earlier
    export. A manifest of which nothing is here speaks of other files, such as those that these were made of.
    """
    by_folder: dict[str, dict[str, str]] = {}
    for file, _ in files:
        if placed[file.path].delivery == "overwrite" and not placed[file.path].problem:
            folder, _, name = file.relative_path.rpartition("/")
            by_folder.setdefault(folder, {})[name] = file.path
    judged = dict(placed)
    for folder, here in by_folder.items():
        own = [
            manifest
            for manifest in manifests
            if folder in manifest.folders and not here.keys().isdisjoint(manifest.file_names)
        ]
        for manifest in own:
            if missing := sorted(manifest.file_names - here.keys()):
                problem = (
                    f"{manifest.file.relative_path} lists {len(missing)} more of its export, such as {missing[0]}, "
                    "which is not there; copy the export again, or take the manifest away"
                )
                listed = (path for name, path in here.items() if name in manifest.file_names)
                judged |= {path: replace(judged[path], problem=problem) for path in listed}
        for name, path in here.items():
            if own and not any(name in manifest.file_names for manifest in own):
                judged[path] = replace(judged[path], not_current_because="not_in_manifest")
    return judged


def _share_days(one: tuple[date, date] | None, other: tuple[date, date] | None) -> bool:
    """Whether two ranges share more than the day with which the one may end, and the other begins."""
    if one is None or other is None or one[0] == other[0] or one[1] == other[1]:
        return True
    return one[0] < other[1] and other[0] < one[1]


def _in_words(days: tuple[date, date] | None) -> str:
    return f" for {days[0]} to {days[1]}" if days else ""


def _each_day(days: tuple[date, date] | None) -> list[date]:
    if days is None:
        return []
    return [days[0] + timedelta(days=number) for number in range((days[1] - days[0]).days + 1)]


def _without_copies(files: list[tuple[File, Head]], placed: dict[str, Delivery]) -> dict[str, Delivery]:
    """Of files with the same content, packed in whatever way, the first by name counts."""
    first: dict[str, str] = {}
    for file, head in sorted(files, key=lambda entry: entry[0].relative_path):
        place = placed[file.path]
        if head.checksum and place.not_current_because is None and place.delivery not in RUNS:
            if head.checksum in first:
                placed[file.path] = replace(place, not_current_because="copy")
            first.setdefault(head.checksum, file.path)
    return placed
