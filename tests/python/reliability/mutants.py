"""Mutants of sound files, from a seed: what an attacker, a broken disk or a careless script makes of an export.

A mutant is a file or several, and what has to come of it: the rows of the sound file with another text, or a refusal
that names the file, or either.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.python.reliability.shapes import PLAIN, SHAPES, Shape

LABEL = "note"
# Texts that are code to somebody. {canary} is a file that must not appear, {secret} one that must not be read.
CODE = {
    "SQL": (
        "'; copy (select 1) to '{canary}'; --",
        "\"; copy (select 1) to '{canary}'; --",
        "' || (select content from read_text('{secret}')) || '",
        "x' union all select * from read_csv('{secret}') --",
        "'); attach '{canary}' as a; --",
        "$$; copy (select 1) to '{canary}'; $$",
        "\\'; copy (select 1) to '{canary}'; --",
        "{value}",
        "{files}",
        "$1",
        "?",
        "null",
        "getenv('HOME')",
        "drop table landed_requests",
    ),
    "globs": ("*", "?", "**", "[a-z]", "{a,b}", "[!a]", "g[1]", "*.csv"),
    "shell": (
        "$(touch {canary})",
        "`touch {canary}`",
        "; touch {canary};",
        "| touch {canary}",
        "&& touch {canary}",
        "~",
    ),
    "Jinja": (
        "{{ env_var('HOME') }}",
        "{% do run_query('select 1') %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{# x #}",
        "{{ 7 * 7 }}",
        "%}{{",
    ),
    "HTML": ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "</td></tr>", "javascript:1"),
    "metric text": ('a"b', "a\\b", 'a"} 1 2\nvllm:prompt_tokens_total{pod="x', "# HELP x", "a\\n", 'x",y="z'),
    "CSV formulas": ("=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x")', "'=1"),
    "path tricks": ("../../etc/passwd", "/etc/passwd", "..\\..\\x", "file:///etc/passwd", "s3://x/y", "C:\\x", "."),
    "letters": (
        "é",
        "\u202etxt",
        "\u200b",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "İ",
        "ß",
        "Ａ",
    ),
}
WORDS = tuple((what, text) for what, texts in CODE.items() for text in texts)
IMPOSSIBLE = (
    *("0x10", "1_000", "NaN", "nan", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400", "-5", "1.5", "1e3"),
    *("１２", "٣", "1,000", "1 000", "", "true", "9" * 40, "0b1", "0o7", "1e999999999", "--1", "+7", "1970-01-01"),
)


@dataclass(frozen=True)
class Mutant:
    """Attributes:
    what: its class, as the table of docs/reliability.md names it.
    shape: name of the sound file that it was made of.
    files: by path within a folder of its own what is written there.
    text, label: what stands in the place of the plain text and of the plain label.
    may_land: whether its rows may land; else it has to be refused.
    may_refuse: whether it may be refused.
    may_lose: whether rows may be missing or changed without anybody being able to know, as in a text without checksum.
    place: makes what is no plain file, such as a link; given the folder.
    """

    what: str
    shape: str
    files: dict[str, bytes]
    text: str = PLAIN
    label: str = LABEL
    may_land: bool = True
    may_refuse: bool = True
    may_lose: bool = False
    place: Callable[[Path], None] | None = field(default=None, compare=False)
    note: str = ""


def sound(shape: Shape, text: str = PLAIN, label: str = LABEL) -> bytes:
    return shape.content(text, label)


def one(what: str, name: str, content: bytes, ending: str = "", **more: object) -> Mutant:
    return Mutant(what, name, {f"a{SHAPES[name].ending}{ending}": content}, **more)


def with_code(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    """Cells, labels and tags; names of columns, labels and keys."""
    what, text = rng.choice(WORDS)
    yield one(f"{what} in cells", name, sound(shape, text), text=text, may_refuse="\n" in text, note=repr(text))
    what, text = rng.choice(WORDS)
    yield one(f"{what} in names of columns", name, sound(shape, PLAIN, text), label=text, note=repr(text))


def named_by_code(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    what, text = rng.choice(WORDS)
    file = text.replace("/", "\u2215").replace("\0", "")[:100]
    file = f"x{file}" if file.startswith(".") else file
    yield Mutant(
        f"{what} in names of files",
        name,
        {f"{file}{shape.ending}": sound(shape)},
        may_refuse="\n" in file,
        note=repr(file),
    )
    yield Mutant(
        "globs in names of files",
        name,
        {f"{rng.choice(['g[1]', 'g*', 'g?', '{g1,g2}', '[!x]1', '**'])}{shape.ending}": sound(shape)},
        may_refuse=False,
    )


def packed_bomb(size: int) -> bytes:
    """Many zeros in few bytes."""
    return gzip.compress(b"a,b\n" + b"0" * size, compresslevel=9, mtime=0)


def zip_of(members: list[tuple[str, bytes]], **more: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members:
            archive.writestr(zipfile.ZipInfo(path) if more.get("plain") else path, content)
    return buffer.getvalue()


def packed(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    """Packings: gzip and ZIP, whole, broken and with a trap in them."""
    content = sound(shape)
    whole = gzip.compress(content, mtime=0)
    if shape.is_text:
        cut = bytearray(whole)
        yield one("gzip", name, whole, ".gz", may_refuse=False)
        at = rng.randrange(1, len(content))
        members = gzip.compress(content[:at], mtime=0) + gzip.compress(content[at:], mtime=0)
        yield one("gzip", name, members, ".gz", may_refuse=False, note="two members")
        cut[rng.randrange(12, len(cut))] ^= 1 << rng.randrange(8)
        yield one("a flipped bit, checked", name, bytes(cut), ".gz")
        crc = bytearray(whole)
        crc[-8 + rng.randrange(4)] ^= 255
        yield one("gzip with a wrong checksum", name, bytes(crc), ".gz", may_land=False)
        size = bytearray(whole)
        size[-4 + rng.randrange(4)] ^= 255
        yield one("gzip with a wrong size", name, bytes(size), ".gz", may_land=False)
        yield one("gzip cut short", name, whole[: -rng.randint(1, len(whole) - 20)], ".gz", may_land=False)
        garbage = bytes(rng.randrange(1, 256) for _ in range(rng.randint(1, 300)))
        yield one("gzip with garbage behind it", name, whole + garbage, ".gz")
        yield one("gzip with garbage behind it", name, whole + b"\0" * rng.randint(1, 600), ".gz", note="zeros")
        broken = gzip.compress(content, mtime=0)[: rng.randint(11, 30)]
        yield one("gzip with garbage behind it", name, whole + broken, ".gz", may_land=False, note="half a member")
        yield one("gzip within gzip", name, gzip.compress(whole, mtime=0), ".gz.gz")
        yield one("a name that lies of packing", name, whole, note="gzip without .gz")
        yield one("a name that lies of packing", name, content, ".gz", note=".gz without gzip")
    member = f"part{shape.ending}"
    path = rng.choice(
        ["../../../escaped", "/tmp/escaped", "..\\escaped", "a/../../escaped", "{canary}", "C:/escaped", "-"]
    )
    yield one("a ZIP whose paths lead out", name, zip_of([(path + shape.ending, content)]), ".zip")
    yield one("ZIP", name, zip_of([(member, content)]), ".zip")
    twice = zip_of([(member, content), (member, content)])
    yield one("the same twice", name, twice, ".zip", note="one name twice in a ZIP")
    yield one("a ZIP cut short", name, zip_of([(member, content)])[: -rng.randint(1, 60)], ".zip", may_land=False)
    bits = bytearray(zip_of([(member, content)]))
    bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
    yield one("a flipped bit, checked", name, bytes(bits), ".zip", may_lose=True, note="ZIP")
    locked = bytearray(zip_of([(member, content)]))
    locked[6] |= 1
    at = locked.rindex(b"PK\x01\x02")
    locked[at + 8] |= 1
    yield one("a ZIP with a password", name, bytes(locked), ".zip", may_land=False)
    yield one("a ZIP in a ZIP", name, zip_of([("inner.zip", zip_of([(member, content)]))]), ".zip", may_land=False)


def bombs(name: str, shape: Shape, rng: random.Random, size: int) -> Iterator[Mutant]:
    zeros = b"0" * size
    yield one("bombs", name, packed_bomb(size), ".gz", may_land=False, note="gzip")
    yield one("bombs", name, zip_of([(f"part{shape.ending}", zeros)]), ".zip", may_land=False, note="ZIP")
    lying = bytearray(zip_of([(f"part{shape.ending}", zeros)]))
    at = lying.rindex(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    yield one("bombs", name, bytes(lying), ".zip", may_land=False, note="a ZIP that lies of its size")


def nested(name: str, shape: Shape, rng: random.Random, depth: int) -> Iterator[Mutant]:
    if not shape.ending.startswith(".json"):
        return
    for opened, closed in (("[", "]"), ('{"a":', "}")):
        deep = opened * depth + "1" + closed * depth
        yield one("deep JSON", name, deep.encode() + b"\n", may_lose=True, note="alone")
        yield one("deep JSON", name, sound(shape) + deep.encode() + b"\n", may_lose=True, note="behind sound lines")
        yield one(
            "deep JSON", name, sound(shape, PLAIN, LABEL).replace(b'"x"', deep.encode()), may_lose=True, note="within"
        )
        yield one("deep JSON", name, (opened * depth).encode(), may_lose=True, note="never closed")


def large(name: str, shape: Shape, rng: random.Random, size: int) -> Iterator[Mutant]:
    """One field of many bytes, fields of fewer in every row, and a name of fewer still."""
    sign = rng.choice(["x", "é", "'", '"', "\\", "{"])
    text, label = sign * (size // 20), sign * (size // 400) + "z"
    yield one("a field of many bytes", name, sound(shape, text), text=text)
    yield one("a field of many bytes", name, sound(shape, PLAIN, label), label=label)
    if shape.is_text:
        text = "é" * (size // 2)
        yield one(
            "a field of many bytes", name, sound(shape).replace(PLAIN.encode(), text.encode(), 1), text=text, note="one"
        )


def encoded(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    if not shape.is_text:
        return
    content = sound(shape)
    yield one("a byte order mark", name, codecs.BOM_UTF8 + content)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield one("UTF-16 and UTF-32", name, content.decode().encode(encoding), note=encoding)
    text = "Büro Köln"
    latin = shape.content("Buero", LABEL).replace(b"Buero", text.encode("latin-1"))
    yield one("Latin letters", name, latin, text=text, may_lose=True)
    wrong = bytearray(content)
    wrong[rng.randrange(len(wrong))] = rng.choice([0x80, 0xC0, 0xFE, 0xFF])
    yield one("a byte that is no UTF-8", name, bytes(wrong), may_lose=True)
    surrogate = content.replace(PLAIN.encode(), b"\xed\xa0\x80", 1)
    yield one("a byte that is no UTF-8", name, surrogate, may_lose=True, note="half a surrogate")


def zeroed(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    content = sound(shape)
    if shape.is_text:
        cell = content.replace(PLAIN.encode(), b"pl\0ain")
        yield one("NULs", name, cell, text="pl\0ain", note="in cells")
        yield one("NULs", name, content.replace(LABEL.encode(), b"no\0te"), label="no\0te", note="in a name")
        yield one("NULs", name, content + b"\0" * rng.randint(1, 2000), note="at the end")
        yield one("NULs", name, b"\0" * 16 + content, may_lose=True, note="at the beginning")
        if shape.ending.startswith(".json"):
            yield one("NULs", name, sound(shape, "pl\0ain"), text="pl\0ain", note="escaped, in cells")
            yield one("NULs", name, sound(shape, PLAIN, "no\0te"), label="no\0te", note="escaped, in a name")
    yield one("NULs", name, b"\0" * rng.randint(1, 5000), may_land=False, note="nothing else")


def damaged(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    content = sound(shape)
    bits = bytearray(content)
    for _ in range(rng.choice([1, 1, 5, 50])):
        bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
    yield one("flipped bits, unchecked", name, bytes(bits), may_lose=True)
    if shape.is_text:
        lines = content.splitlines(keepends=True)
        at = rng.randrange(len(lines))
        cut = b"".join(lines[:at]) + lines[at][: rng.randrange(1, max(2, len(lines[at]) - 2))]
        yield one("cut short", name, cut, may_lose=not cut or at == 0)
        if len(lines) > 1 and shape.ending == ".csv":
            yield one("the header twice", name, content + content, may_lose=True, note="two files in one")
            yield one("the header twice", name, lines[0] + lines[0] + b"".join(lines[1:]), may_lose=True)
            yield one(
                "a column twice", name, lines[0].replace(LABEL.encode(), lines[0].split(b",")[0]) + b"".join(lines[1:])
            )
            yield one("a row too long or too short", name, content + b"1,2\n")
            yield one("a row too long or too short", name, content + b"," * 50 + b"\n")
        yield one(
            "a file of another kind",
            name,
            rng.choice([b"%PDF-1.7\n", b"MZ\x90\0", b"\x89PNG\r\n\x1a\n", b"SQLite format 3\0"])
            + bytes(rng.randrange(256) for _ in range(400)),
            may_land=False,
        )
    else:
        yield one("cut short", name, content[: -rng.randint(1, len(content) - 4)], may_land=False)
        yield one(
            "a file of another kind",
            name,
            b"PAR1" + bytes(rng.randrange(256) for _ in range(400)) + b"PAR1",
            may_land=False,
        )
    yield one("an empty file", name, b"", may_land=False)


def twice(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    content = sound(shape)

    def link(make: Callable[[Path, Path], None], leads_to: str) -> Callable[[Path], None]:
        def place(folder: Path) -> None:
            make(folder / f"b{shape.ending}", folder / leads_to)

        return place

    a = f"a{shape.ending}"
    yield one("the same twice", name, content, place=link(lambda new, old: new.symlink_to(old.name), a), note="a link")
    yield one("the same twice", name, content, place=link(lambda new, old: new.hardlink_to(old), a), note="a hard link")
    yield Mutant("the same twice", name, {a: content, f"b{shape.ending}": content}, note="a copy")
    if shape.is_text:
        copy = {a: content, f"{a}.gz": gzip.compress(content, mtime=0)}
        yield Mutant("the same twice", name, copy, note="packed and unpacked")
    yield one("the same twice", name, content, place=lambda folder: (folder / "loop").symlink_to("."), note="a loop")
    yield one(
        "the same twice", name, content, place=lambda folder: os.mkfifo(folder / f"pipe{shape.ending}"), note="a pipe"
    )


def led_out(name: str, shape: Shape, rng: random.Random, outside: Path) -> Iterator[Mutant]:
    """Links out of the root: `outside` holds a sound file with a text that must not be read."""
    content = sound(shape)
    stolen = outside / f"stolen{shape.ending}"
    stolen.write_bytes(sound(shape, "SECRET"))
    yield one(
        "links out of the root", name, content, place=lambda folder: (folder / f"b{shape.ending}").symlink_to(stolen)
    )
    yield one("links out of the root", name, content, place=lambda folder: (folder / "b").symlink_to(outside))
    yield one(
        "links out of the root",
        name,
        content,
        place=lambda folder: (folder / f"c{shape.ending}").symlink_to("/etc/passwd"),
    )
    yield one(
        "links out of the root",
        name,
        content,
        place=lambda folder: (folder / f"d{shape.ending}").symlink_to("/dev/zero"),
    )
    yield one(
        "links out of the root", name, content, place=lambda folder: (folder / f"e{shape.ending}").symlink_to("nowhere")
    )


def impossible(name: str, shape: Shape, rng: random.Random) -> Iterator[Mutant]:
    """A number or a time that is none: what it says is kept or unknown, and the rows are as many as there were."""
    content = sound(shape)
    if not shape.is_text:
        return
    value = rng.choice(IMPOSSIBLE)
    numbers = [b"103", b"300", b"2.5", b"2000", b"3000"]
    number = next((one for one in numbers if one in content), None)
    if number:
        given = value.encode() if shape.ending in (".csv", ".txt") else json.dumps(value).encode()
        yield one("numbers that cannot be", name, content.replace(number, given, 1), may_lose=True, note=value)
    times = (
        *("1970-01-01T00:00:00Z", "2286-11-20T17:46:40Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "inf"),
        *(
            "99999999999999999999",
            "-1",
            "2026-02-30T00:00:00Z",
            "2026-10-03T25:00:00Z",
            "yesterday",
            "1e400",
            "NaN",
            "",
        ),
    )
    for when in (b"2026-10-03T00:00:00Z", b"1791158402"):
        if when in content:
            time = rng.choice(times)
            yield one("times that cannot be", name, content.replace(when, time.encode(), 1), may_lose=True, note=time)


def mutants(
    seed: int, outside: Path, *, bomb: int, depth: int, field_bytes: int, canary: Path, secret: Path
) -> Iterator[Mutant]:
    """Round after round, a mutant of each kind of each shape a round; it never ends."""
    rng = random.Random(seed)

    def filled(text: str) -> str:
        return text.replace("{canary}", str(canary)).replace("{secret}", str(secret))

    number = 0
    while True:
        for name, shape in SHAPES.items():
            kinds = [
                *with_code(name, shape, rng),
                *with_code(name, shape, rng),
                *named_by_code(name, shape, rng),
                *packed(name, shape, rng),
                *encoded(name, shape, rng),
                *zeroed(name, shape, rng),
                *damaged(name, shape, rng),
                *impossible(name, shape, rng),
                *impossible(name, shape, rng),
                *twice(name, shape, rng),
                *led_out(name, shape, rng, outside),
            ]
            if number % len(SHAPES) in (0, 4, 6, 11) or number < len(SHAPES):
                kinds += nested(name, shape, rng, depth)
                if number % 3 == 0:
                    kinds += large(name, shape, rng, field_bytes)
                if number % 7 == 0:
                    kinds += bombs(name, shape, rng, bomb)
            number += 1
            for mutant in kinds:
                text, label = filled(mutant.text), filled(mutant.label)
                # an attribute of OTLP is a label with `_` for `.`; a name in a dump ends where no name can
                read_as = label.replace(".", "_") if name == "OTLP metrics" else label
                if (text, label) != (mutant.text, mutant.label) and len(mutant.files) == 1 and "in " in mutant.what:
                    [path] = mutant.files
                    yield Mutant(
                        mutant.what, name, {path: sound(shape, text, label)}, text=text, label=read_as,
                        may_refuse=mutant.may_refuse, may_lose=name == "promtool dump", note=mutant.note,
                    )  # fmt: skip
                else:
                    yield mutant


__all__ = ["Mutant", "mutants", "sound"]
