"""Superset with the dashboard of this repository, over what is published. Run by `make superset`.

State is in SUPERSET_HOME (data/superset): Superset's own database, its secret key, sessions. Delete the folder to start
anew. The assets are imported again when a file of them has changed, and then win over edits made in the browser.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ASSETS = HERE / "assets"
ADMIN = "admin"


def main() -> None:
    home = Path(os.environ.setdefault("SUPERSET_HOME", str(ROOT / "data/superset"))).resolve()
    published = Path(os.environ.get("UNIT_ECONOMICS_PUBLISHED") or ROOT / "data/published").resolve()
    port = os.environ.get("SUPERSET_PORT") or "8088"
    if not (published / "unit_economics.duckdb").is_file():
        sys.exit(f"{published} holds no unit_economics.duckdb: run make publish, or set UNIT_ECONOMICS_PUBLISHED")
    os.environ |= {
        "SUPERSET_HOME": str(home),
        "UNIT_ECONOMICS_PUBLISHED": str(published),
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "SCARF_ANALYTICS": "false",
        "FLASK_APP": "superset.app:create_app()",
    }
    make_home(home)
    assets = {str(file.relative_to(ASSETS)): file.read_text() for file in sorted(ASSETS.rglob("*.yaml"))}
    new_password = prepare(home, assets)
    if new_password:
        print(f"user {ADMIN}, password {new_password} (shown once; SUPERSET_ADMIN_PASSWORD=... sets another)")
    print(
        f"Superset on http://localhost:{port}/superset/dashboard/ai-unit-economics/ (stop it with Ctrl-C)", flush=True
    )
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
    os.execv(sys.executable, [*gunicorn, "--timeout", "120", "--log-level", "warning", "superset.app:create_app()"])  # noqa: S606


def make_home(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    key = home / "secret_key"
    if not key.exists():
        key.touch(0o600)
        key.write_text(secrets.token_urlsafe(42))


def prepare(home: Path, assets: Mapping[str, str]) -> str | None:
    """Superset's database, its administrator and the assets, where they are new; the password, if one was made."""
    stamp = home / "prepared"
    password = os.environ.get("SUPERSET_ADMIN_PASSWORD")
    state = "\n".join((version("apache-superset"), hashlib.sha256(repr(assets).encode()).hexdigest()))
    if stamp.exists() and stamp.read_text() == state and not password:
        return None

    from flask.cli import ScriptInfo
    from superset.app import create_app
    from superset.cli.main import superset

    app = create_app()

    def command(*arguments: str) -> None:
        superset.main(list(arguments), standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))

    command("db", "upgrade")
    command("init")
    new_password = make_admin(app, command, password)
    import_assets(app, assets)
    stamp.write_text(state)
    return new_password


def make_admin(app: Flask, command: Callable[..., None], password: str | None) -> str | None:
    with app.app_context():
        from superset import security_manager

        is_there = security_manager.find_user(username=ADMIN) is not None
    if is_there:
        if password:
            command("fab", "reset-password", "--username", ADMIN, "--password", password)
        return None
    chosen = password or secrets.token_urlsafe(12)
    name = ("--firstname", "Unit", "--lastname", "Economics", "--email", "admin@localhost")
    command("fab", "create-admin", "--username", ADMIN, *name, "--password", chosen)
    return None if password else chosen


def import_assets(app: Flask, assets: Mapping[str, str]) -> None:
    with app.test_request_context():
        from flask import g
        from superset import security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand

        g.user = security_manager.find_user(username=ADMIN)
        # Superset's page imports the same folder as a dashboard; the command that overwrites charts wants another word
        metadata = assets["metadata.yaml"].replace("type: Dashboard", "type: assets")
        ImportAssetsCommand({**assets, "metadata.yaml": metadata}).run()


if __name__ == "__main__":
    main()
