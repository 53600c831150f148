"""How Superset runs here: on one machine, read-only on what is published, and without a word to the network."""

import os
from pathlib import Path

from flask_caching.backends.filesystemcache import FileSystemCache
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

HOME = Path(os.environ["SUPERSET_HOME"])
PUBLISHED = Path(os.environ["UNIT_ECONOMICS_PUBLISHED"])
# What the database's YAML says in place of a path, which differs between machines
STANDS_FOR_PUBLISHED = "data/published/unit_economics.duckdb"

SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}"
SECRET_KEY = (HOME / "secret_key").read_text().strip()


def DB_CONNECTION_MUTATOR(uri: URL, params: dict, *_: object) -> tuple[URL, dict]:  # noqa: N802 - Superset's name
    """The published file of today, read-only, and closed after each query.

    DuckDB shares one open file between the connections of a process. The link is followed anew each time, so that
    a query that still reads the version before does not hold the next one back.
    """
    if uri.drivername == "duckdb" and uri.database == STANDS_FOR_PUBLISHED:
        published = PUBLISHED / "unit_economics.duckdb"
        if not published.is_file():
            raise FileNotFoundError(f"{published}: nothing is published; run make publish")
        uri = uri.set(database=str(published.resolve()))
        params["poolclass"] = NullPool
        params["connect_args"] = {**params.get("connect_args", {}), "read_only": True}
    return uri, params


# Nothing is cached but the state of the page: figures come from the file, in milliseconds, and are of its version.
CACHE_CONFIG = DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_DIR": str(HOME / "state"),
    "CACHE_DEFAULT_TIMEOUT": 90 * 24 * 3600,
}
SESSION_TYPE = "cachelib"
SESSION_CACHELIB = FileSystemCache(cache_dir=str(HOME / "sessions"), threshold=500)

# A page may load from this server only: no usage pixel, no map tiles, no fonts.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

# The colours of the report
APP_NAME = "AI Unit Economics"
THEME_DEFAULT = {
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": "Superset",
        "brandLogoUrl": "/static/assets/images/superset-logo-horiz.png",
        "brandLogoHref": "/",
        "brandLogoHeight": "24px",
        "brandLogoMargin": "14px 0",
        "colorPrimary": "#0b6e75",
        "colorLink": "#0b6e75",
        "colorError": "#b3261e",
        "colorSuccess": "#2b7a3d",
        "colorWarning": "#c77f1a",
        "colorBgLayout": "#fbfaf7",
        "fontFamily": "Inter, Helvetica, Arial, sans-serif",
        "fontFamilyCode": "'IBM Plex Mono', 'Courier New', monospace",
    },
    "algorithm": "default",
}
# The charts' colours are chosen for a light page.
THEME_DARK = None
ENABLE_UI_THEME_ADMINISTRATION = False
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "ai_unit_economics",
        "label": "AI Unit Economics",
        "description": "",
        "colors": ["#0b6e75", "#c77f1a", "#7a5ea8", "#8b9099", "#b3261e", "#4a9aa0", "#1d2126", "#2b7a3d"],
    }
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "ai_unit_economics_coverage",
        "label": "AI Unit Economics: coverage",
        "description": "",
        "isDiverging": False,
        "colors": ["#b3261e", "#e3a94f", "#d5e4e4", "#0b6e75"],
    }
]
