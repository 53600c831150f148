"""Addresses with a password in them: none is read, and none is shown.

Rows keep the name of the file that they come from, so a password in the data root would stand in every table. A
password belongs into a secret of DuckDB (docs/object-stores.md) or into a header.
"""

from __future__ import annotations

import re

import click

# As macros/files/input_files.sql has them. `abfss://container@account/` has no password.
_USER = re.compile(r"(\w://)[^\s/:@]*:[^\s@]*@")
_PARAMETER = re.compile(
    r"([?&;][^=&;\s]*(?:token|key|sig|secret|passw|pwd|credential|auth|session)[^=&;\s]*=)[^&;\s'\"]+", re.IGNORECASE
)


class SecretInAddressError(Exception):
    """An address has a password in it; the message does not."""


def redacted(text: str) -> str:
    """A message or an address as it may be shown: `***` for what stands where a password does."""
    return _PARAMETER.sub(r"\1***", _USER.sub(r"\1***@", text))


def without_secret(address: str, name: str) -> str:
    """The address, if it has no password in it.

    Raises:
        SecretInAddressError: it has one; the message calls it by `name` and says where a password belongs.
    """
    if redacted(address) != address:
        raise SecretInAddressError(
            f"{name} is {redacted(address)}: an address with a password in it. Take it out of the address, where "
            "everybody sees it, and put it into a secret of DuckDB (docs/object-stores.md), for an API into a header"
        )
    return address


def plain_address(_: click.Context, parameter: click.Parameter, value: str) -> str:
    """Callback of an option that takes an address."""
    try:
        return without_secret(value, parameter.opts[0]) if value else value
    except SecretInAddressError as error:
        raise click.ClickException(str(error)) from None
