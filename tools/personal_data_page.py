"""Writes the table of kinds in docs/personal-data.md from the code that hides them."""

from __future__ import annotations

from pathlib import Path

from ai_unit_economics.landing.privacy import KINDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "personal-data.md"
START, END = "<!-- kinds -->\n", "<!-- /kinds -->"


def page() -> str:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    rows = "".join(
        f"| `{kind.name}` | {kind.describes} | {', '.join(f'`{label}`' for label in sorted(kind.labels))} "
        f"| `{kind.default}` |\n"
        for kind in KINDS
    )
    head = "\n| kind | what it is | labels of samples | default |\n|---|---|---|---|\n"
    return f"{before}{START}{head}{rows}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
