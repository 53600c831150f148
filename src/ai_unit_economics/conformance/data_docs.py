"""Makes Great Expectations' Data Docs stand alone: no script, no font and no picture from anywhere, and an index.

As built, the pages load nine style sheets and scripts from content networks and a logo from a bucket. Offline they are
bare, and online a page about a bill calls strangers.
"""

from __future__ import annotations

import re
import shutil
from html import escape
from pathlib import Path
from urllib.parse import quote

from ai_unit_economics.writing import write

STYLE = (Path(__file__).parent / "data_docs.css").read_text(encoding="utf-8")


def stand_alone(docs: Path) -> int:
    """Rewrites each page beneath a folder; gives the number of pages."""
    shutil.rmtree(docs / "static", ignore_errors=True)  # fonts and styles that no page uses any more
    pages = [page for page in docs.rglob("*.html") if page != docs / "index.html"]
    for page in pages:
        write(page, _stand_alone_page(page.read_text(encoding="utf-8")))
    return len(pages)


def _stand_alone_page(html: str) -> str:
    html = re.sub(r"<script\b.*?</script\s*>", "", html, flags=re.DOTALL)
    html = re.sub(r"<style\b.*?</style\s*>", "", html, flags=re.DOTALL)
    html = re.sub(r"<link\b[^>]*>", "", html)
    html = re.sub(r"<img\b[^>]*>", "All sources", html, flags=re.DOTALL)
    html = re.sub(r"<iframe\b.*?</iframe\s*>", "", html, flags=re.DOTALL)
    html = re.sub(r"<footer\b.*?</footer\s*>", "", html, flags=re.DOTALL)
    # what worked by script: the filter buttons, and what unfolds (the style shows it unfolded)
    html = re.sub(
        r'<div class="card mb-3">\s*<div class="card-header p-2">\s*<strong>Actions.*?(?=<div class="card d-md-block)',
        "",
        html,
        flags=re.DOTALL,
    )
    html = re.sub(r'<p class="m-0">\s*<a data-toggle="collapse".*?</p>', "", html, flags=re.DOTALL)
    html = re.sub(r"""\son[a-z]+=("[^"]*"|'[^']*')""", "", html)
    html = re.sub(r'(<a\b[^>]*?)\shref="https?://[^"]*"', r"\1", html)
    # an empty icon keeps the browser from asking for one
    return html.replace("</head>", f'<link rel="icon" href="data:,"><style>{STYLE}</style></head>', 1)


def write_index(docs: Path, results: list, profiles: dict[str, tuple[list, list]], run_at: str) -> None:
    """The first page: per source what failed, the files, and how full each column is."""
    body = [f"<h1>Conformance of FOCUS exports</h1><p class='rule'>{escape(run_at)}, raw files before staging</p>"]
    body.append(
        _table(
            ["source", "#files", "#rows", "#rules put", "#errors", "#warnings"],
            [
                [
                    f"<a href='#{quote(source)}'>{escape(source)}</a>",
                    len(files),
                    sum(file["rows"] for file in files),
                    sum(result.source == source for result in results),
                    _count(results, source, "error"),
                    _count(results, source, "warning"),
                ]
                for source, (files, _) in profiles.items()
            ],
        )
    )
    for source, (files, columns) in profiles.items():
        own = [result for result in results if result.source == source]
        body.append(f"<h2 id='{escape(source)}'>{escape(source)}</h2><p>Data Docs: {_links(docs, source)}</p>")
        failed = [
            [
                f"<span class='{result.severity}'>{result.severity}</span>",
                escape(result.rule_id),
                "" if result.violating_rows is None else result.violating_rows,
                escape(result.example or ""),
            ]
            for result in sorted(own, key=lambda result: (result.severity, result.rule_id))
            if not result.success
        ]
        if failed:
            body.append(_table(["severity", "rule", "#rows", "example"], failed))
        else:
            body.append("<p class='met'>Every rule that could be put is met.</p>")
        body.append("<h4>Files</h4>")
        body.append(
            _table(
                ["file", "FOCUS", "#rows", "first charge", "last charge"],
                [
                    [escape(str(file[name])) for name in ("file", "focus_version")]
                    + [file["rows"], escape(file["first_charge"]), escape(file["last_charge"])]
                    for file in files
                ],
            )
        )
        body.append("<h4>Columns</h4>")
        body.append(
            _table(
                ["column", "#filled", "#distinct, about", "least", "greatest"],
                [
                    [escape(name), f"{100 * filled / total:.1f} %", distinct, escape(low[:60]), escape(high[:60])]
                    for name, total, filled, distinct, low, high in columns
                ],
            )
        )
    html = (
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Conformance of FOCUS exports</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><link rel='icon' href='data:,'>"
        f"<style>{STYLE}</style></head><body><main>{''.join(body)}</main></body></html>"
    )
    write(docs / "index.html", html)


def _count(results: list, source: str, severity: str) -> str:
    count = sum(result.source == source and result.severity == severity and not result.success for result in results)
    return f"<span class='{severity if count else 'met'}'>{count}</span>"


def _links(docs: Path, source: str) -> str:
    pages = sorted((docs / "validations").glob(f"{_pattern(source)} */**/*.html"))
    return ", ".join(
        f"<a href='{quote(str(page.relative_to(docs)))}'>{escape(page.relative_to(docs / 'validations').parts[0])}</a>"
        for page in pages
    )


def _pattern(name: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", name)


def _table(headings: list[str], rows: list[list[object]]) -> str:
    numeric = [heading.startswith("#") for heading in headings]

    def cells(tag: str, values: list[object]) -> str:
        return "".join(
            f"<{tag} class='number'>{value}</{tag}>" if is_number else f"<{tag}>{value}</{tag}>"
            for value, is_number in zip(values, numeric, strict=True)
        )

    head = cells("th", [heading.lstrip("#") for heading in headings])
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>"
        + "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
        + "</tbody></table>"
    )
