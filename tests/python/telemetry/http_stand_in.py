"""A server on loopback for tests of what is asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Respond = Callable[[BaseHTTPRequestHandler, str], None]


def server_of(respond: Respond) -> ThreadingHTTPServer:
    """A server, not yet started, that hands each GET and POST to `respond` with its query or its form."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self, urlsplit(self.path).query)

        def do_POST(self) -> None:
            respond(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
