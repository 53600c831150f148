"""What dbt offers to Jinja and sqlfluff's own templater does not know, so that linting needs no database.

`execute` is false, as when dbt parses: macros that ask the database give their empty answer.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import yaml
from jinja2.runtime import Macro
from jinja2.sandbox import SandboxedEnvironment
from sqlfluff.core.templaters.builtins.dbt import MacroReturn

from ai_unit_economics.doctor.seed_checks import dispatch


def _return_value(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """sqlfluff's `return` leaves a macro by an exception, which it does not catch between macros of one file."""

    def invoke_macro(self: Macro, arguments: list[Any], autoescape: bool) -> Any:
        try:
            return invoke(self, arguments, autoescape)
        except MacroReturn as returned:
            return returned.value

    invoke_macro.returns_value = True  # type: ignore[attr-defined]
    return invoke_macro


if not hasattr(Macro._invoke, "returns_value"):
    Macro._invoke = _return_value(Macro._invoke)


def _remember(compile_source: Callable[..., Any]) -> Callable[..., Any]:
    """sqlfluff compiles every macro twice for each file that it lints; the code of a source is always the same."""
    compiled: dict[tuple[Any, ...], Any] = {}

    def compile_once(self: SandboxedEnvironment, *source: Any) -> Any:
        if source not in compiled:
            compiled[source] = compile_source(self, *source)
        return compiled[source]

    compile_once.remembers = True  # type: ignore[attr-defined]
    return compile_once


if not hasattr(SandboxedEnvironment.compile, "remembers"):
    SandboxedEnvironment.compile = _remember(SandboxedEnvironment.compile)


class Relation:
    """Prints as a table's name, whatever it was made of."""

    def __init__(self, identifier: str = "relation") -> None:
        self.identifier = self.name = identifier
        self.schema = self.database = "main"

    @classmethod
    def create(cls, identifier: str = "relation", **_: Any) -> Relation:
        return cls(identifier)

    def render(self) -> str:
        return self.identifier

    __str__ = render


def raise_compiler_error(message: str, *_: Any) -> NoReturn:
    raise ValueError(message)


execute = False
adapter = SimpleNamespace(dispatch=dispatch)
api = SimpleNamespace(Relation=Relation)
exceptions = SimpleNamespace(raise_compiler_error=raise_compiler_error, warn=lambda message: "")
modules = SimpleNamespace(re=re, datetime=datetime)
_VARS = yaml.safe_load(Path("dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def var(name: str, default: Any = None) -> Any:
    return _VARS.get(name, default)


def env_var(name: str, default: str = "") -> str:
    return default


def tojson(value: Any) -> str:
    return json.dumps(value)


def should_full_refresh() -> bool:
    return False
