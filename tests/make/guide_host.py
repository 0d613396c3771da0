"""The guide for intranets, block by block; and an intranet that does what its blocks do, on an origin of its own."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from playwright.sync_api import Page

from tests.make.browser import Window
from tests.make.live import Live
from tests.make.pulse_page import ANSWERS, Respondent
from tests.make.widget_world import Pulse

GUIDE = Path(__file__).resolve().parents[2] / "openapi" / "guides" / "intranet.md"
_BLOCK = re.compile(r"<!-- block: (.+?) -->\n```\w+\n(.*?)```\n", re.DOTALL)
_A_CODE = re.compile(r"[\w-]{60}")
_KINDS = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8"}
SHOWN_POULS, SHOWN_INTRANET = "https://pouls.example", "https://intranet.example"
SHOWN_CAMPAIGN = "01990000-0000-7000-8000-000000000001"
SHOWN_VERSION, SHOWN_INTEGRITY = "0123456789abcdef", "sha384-..."
Json = dict[str, Any]
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


# By the name in the marker before each.
BLOCKS: dict[str, str] = dict(_BLOCK.findall(GUIDE.read_text("utf-8")))


def filled(text: str, values: Mapping[str, str]) -> str:
    """A block for a reader's own addresses: each of the guide's stands in it, or the guide has changed."""
    for shown, own in values.items():
        assert shown in text, shown
        text = text.replace(shown, own)
    return text


def defined(code: str, name: str) -> Any:
    """What a block of Python defines."""
    names: dict[str, Any] = {}
    exec(compile(code, str(GUIDE), "exec"), names)  # noqa: S102 - the repository's own guide
    return names[name]


@dataclass
class Intranet:
    """Pages of whoever reads the guide.

    Attributes:
        person: who is logged in.
        served: path to what is given there: by the guide's own application, or a body with its headers.
        asked: method and path of what came, with the query.
    """

    port: int
    person: str = ""
    served: dict[str, Application] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def gives(self, path: str, body: str, policy: str | None = None) -> str:
        """From now on; the URL. A page is given with this policy."""
        kind = _KINDS.get(path.rpartition(".")[2], _KINDS["html"])
        headers = [("Content-Type", kind), ("Cache-Control", "no-store")]
        headers += [("Content-Security-Policy", policy)] if policy else []

        def give(_: dict[str, Any], start: Any) -> list[bytes]:
            start("200 OK", headers)
            return [body.encode()]

        self.served[path] = give
        return self.origin + path

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(f"{environ['REQUEST_METHOD']} {path}?{environ['QUERY_STRING']}")
        if path not in self.served:
            start("204 No Content", [])
            return []
        return self.served[path](environ | {"REMOTE_USER": self.person}, start)

    def gives_token(self, ask: Callable[[], str]) -> None:
        """As the guide says it: the token of a key in JSON."""

        def give(_: dict[str, Any], start: Any) -> list[bytes]:
            start("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
            return [json.dumps({"token": ask()}).encode()]

        self.served["/pouls-token"] = give


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Says nothing."""


class _Server(ThreadingMixIn, WSGIServer):
    """A browser opens connections before it needs them: nobody waits for those."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


@contextmanager
def an_intranet() -> Iterator[Intranet]:
    """Until the end."""
    made = Intranet(0)
    server = make_server("127.0.0.1", 0, made, _Server, _Silent)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def widget(service: Live, name: str = "pouls") -> dict[str, str]:
    """What a reader puts in for a script."""
    with urlopen(f"{service.url}/widget/{name}.json") as answer:  # noqa: S310 - loopback
        told = json.load(answer)
    assert told["src"] == f"{service.url}/widget/{name}.js?version={told['version']}"
    return {SHOWN_POULS: service.url, SHOWN_VERSION: told["version"], SHOWN_INTEGRITY: told["integrity"]}


def in_frame(page: Page) -> Respondent:
    return Respondent(page.frame_locator("iframe"))


def answers_once(pulse: Pulse, person: Respondent) -> None:
    """From the first screen to the thanks; what was answered has arrived, one time."""
    pulse.arrived()
    before = pulse.counted()
    person.sends()
    person.is_done()
    assert pulse.arrived() == [ANSWERS]
    assert pulse.counted() == before + 1


def nothing_is_wrong(window: Window, intranet: Intranet) -> None:
    """No policy was in the way; no code stood in an address that a server reads; and nothing is left in the browser."""
    assert window.seen.wrong() == []
    assert [line for line in intranet.asked if _A_CODE.search(line)] == []
    assert [url for _, url in window.seen.asked if _A_CODE.search(url.partition("#")[0])] == []
    assert window.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
