"""The README and the pages of docs/ as a reader meets them: fenced blocks, code within lines, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block and where it stands."""

    page: str
    line: int
    heading: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}"


@dataclass(frozen=True)
class Span:
    """Code within a line of text, and the paragraph or the row of a table that it stands in."""

    page: str
    line: int
    text: str
    around: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}: {self.text}"


def pages() -> list[str]:
    found = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    return [str(path.relative_to(PROJECT)) for path in found]


def text_of(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


def blocks(page: str, *kinds: str) -> list[Block]:
    text = text_of(page)
    found = []
    for match in FENCE.finditer(text):
        headings = HEADING.findall(FENCE.sub("", text[: match.start()]))
        indent, line = match["indent"], text.count("\n", 0, match.start()) + 1
        body = re.sub(rf"^{indent}", "", match["text"], flags=re.MULTILINE)
        found.append(Block(page, line, headings[-1] if headings else "", match["kind"], body))
    return [block for block in found if not kinds or block.kind in kinds]


def prose(page: str) -> str:
    """The page without its fenced blocks, on the same lines."""
    return FENCE.sub(lambda match: "\n" * match[0].count("\n"), text_of(page))


def spans(page: str) -> Iterator[Span]:
    line = 1
    for paragraph in re.split(r"(\n)(?=\n|\|)", prose(page)):
        for match in SPAN.finditer(paragraph):
            # a cell of a table escapes its bars
            code = match[1].replace(r"\|", "|") if paragraph.lstrip("\n").startswith("|") else match[1]
            yield Span(page, line + paragraph.count("\n", 0, match.start()), code, paragraph)
        line += paragraph.count("\n")


def links(page: str) -> Iterator[tuple[str, str]]:
    """Files that a page links to, and the heading there: as written, without addresses of other sites."""
    for target in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(path: Path) -> set[str]:
    """Headings as GitHub makes links of them."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", re.sub(r"`", "", heading).lower()).replace(" ", "-") for heading in headings}
