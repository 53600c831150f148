"""sqlfluff as it is, but with a collector that looks seldom: `python -m tools.lint_sql lint models`.

A parsed model is some hundred thousand objects, and Python's collector looked at them again and again, for a third of
the time of linting. sqlfluff's processes import this module as well, so that the same holds in them.
"""

from __future__ import annotations

import gc

from sqlfluff.cli.commands import cli

gc.set_threshold(1_000_000, 10, 10)

if __name__ == "__main__":
    cli(prog_name="sqlfluff")
