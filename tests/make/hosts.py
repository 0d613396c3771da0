"""Pages of other sites: a server on loopback, of an origin of its own, that gives what a test says."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HTML = "text/html; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"


@dataclass(frozen=True)
class Given:
    body: bytes
    headers: dict[str, str]


@dataclass
class Host:
    """`localhost` and `127.0.0.1` are different sites to a browser; both reach it."""

    port: int
    given: dict[str, Given] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def other_origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def gives(self, path: str, body: str, kind: str = HTML, headers: Mapping[str, str] | None = None) -> str:
        """From now on; the URL."""
        self.given[path] = Given(
            body.encode(), {"Content-Type": kind, "Cache-Control": "no-store"} | dict(headers or {})
        )
        return self.origin + path


@contextmanager
def a_host() -> Iterator[Host]:
    """Until the end."""
    made: list[Host] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = made[0].given.get(self.path.partition("?")[0])
            self.send_response(204 if given is None else 200)
            for name, value in ({} if given is None else given.headers).items():
                self.send_header(name, value)
            if given is not None:
                self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            if given is not None:
                self.wfile.write(given.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Says nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that hangs up is no news."""

    server = Quiet(("127.0.0.1", 0), Handler)
    made.append(Host(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made[0]
    server.shutdown()
    server.server_close()
    thread.join()
