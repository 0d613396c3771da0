"""A small client of our own public API, for what `demo` and `replay` do as any other caller would."""

import hashlib
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx2

from service.cli import sender

PATIENCE_S = 120.0
READ_S = 300.0
RETRY_S = 0.2
RELEASE_LIMIT_S = 3600.0
ROWS_AT_ONCE = 1000
BUSY = frozenset({429, 503})  # of a limit, too, there is more in a moment
FAULTS_TOLD = 10


class CallFailed(Exception):
    """The service refused a call; the message holds the problem it named."""


class GivenUp(CallFailed):
    """The service stayed away or busy for too long; another try may succeed."""


class Stopped(Exception):
    """Somebody asked to stop."""


class Client:
    """One service, one set of keys by scope."""

    def __init__(
        self,
        url: str,
        keys: Mapping[str, str],
        stop: threading.Event | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url = url.rstrip("/")
        self._keys = keys
        self._http = httpx2.Client(base_url=self._url, timeout=httpx2.Timeout(READ_S, connect=10.0))
        self._stop = stop or threading.Event()
        self._patience_s = patience_s

    def close(self) -> None:
        self._http.close()

    def call(self, scope: str, method: str, path: str, **request: Any) -> Any:
        """One call, tried again for a while where the service is away or busy (every call here may be repeated)."""
        response = self._response(scope, method, path, lambda: request)
        return response.json() if response.content else None

    def text(self, scope: str, path: str, **params: Any) -> str:
        """What a GET answers, as text."""
        return self._response(scope, "GET", path, lambda: {"params": params}).text

    def upsert(self, path: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Stream rows as NDJSON, a chunk at a time. What can be iterated over once only is kept, for a second try."""
        again = list(rows) if isinstance(rows, Iterator) else rows

        def chunks() -> Iterator[bytes]:
            lines: list[str] = []
            for row in again:
                lines.append(json.dumps(row, separators=(",", ":")))
                if len(lines) == ROWS_AT_ONCE:
                    yield ("\n".join(lines) + "\n").encode()
                    lines.clear()
            yield ("\n".join(lines) + "\n").encode()

        headers = {"Content-Type": "application/x-ndjson"}
        done: dict[str, int] = self._response(
            "people:write", "PUT", path, lambda: {"content": chunks(), "headers": headers}
        ).json()
        return done

    def pages(self, scope: str, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list."""
        cursor: str | None = None
        while True:
            asked = {name: value for name, value in params.items() if value is not None}
            page = self.call(scope, "GET", path, params=asked | {"limit": 500} | ({"cursor": cursor} if cursor else {}))
            yield from page["data"]
            cursor = page["next"]
            if cursor is None:
                return

    def codes(self, wave: str) -> Generator[tuple[str, str]]:
        """(person, code) of a wave, streamed. The roster is frozen: a stream that broke goes on where it was."""
        path = f"/v1/waves/{wave}/invitations"
        given = 0
        limit = time.monotonic() + self._patience_s
        while True:
            try:
                with self._http.stream("GET", path, auth=self._auth("invitations:read")) as response:
                    if response.is_success:
                        for number, line in enumerate(response.iter_lines()):
                            if number == given:
                                row = json.loads(line)
                                given += 1
                                yield row["person"], row["code"]
                        return
                    if response.status_code not in BUSY:
                        raise CallFailed(f"GET {path}: {told(response.status_code, response.read())}")
            except httpx2.TransportError as error:
                self._wait(limit, f"GET {path}: {type(error).__name__}")
            else:
                self._wait(limit, f"GET {path}: busy")

    def release_of(self, wave: str) -> dict[str, Any]:
        """Wait for a closed wave's release."""
        limit = time.monotonic() + RELEASE_LIMIT_S
        while True:
            found: list[dict[str, Any]] = list(self.pages("aggregates:read", "/v1/releases", wave=wave))
            if found:
                return found[0]
            self._wait(limit, "the release did not come")

    def send(self, answers: Iterator[tuple[int, bytes]], acknowledged: Callable[[int], None]) -> None:
        """Submit bodies; `acknowledged(number)` is called for each once it is committed."""
        try:
            sender.submit_all(self._url, answers, acknowledged, self._stop, self._patience_s)
        except sender.Interrupted:
            raise Stopped from None
        except sender.SubmissionRefused as error:
            raise CallFailed(f"POST /v1/respond: {told(error.status, error.body)}") from None
        except sender.NothingAcknowledged as error:
            raise GivenUp(f"no answer was acknowledged for {self._patience_s:.0f} seconds: {error}") from None

    def _response(self, scope: str, method: str, path: str, request: Callable[[], dict[str, Any]]) -> httpx2.Response:
        limit = time.monotonic() + self._patience_s
        while True:
            try:
                response = self._http.request(method, path, auth=self._auth(scope), **request())
            except httpx2.TransportError as error:
                self._wait(limit, f"{method} {path}: {type(error).__name__}")
                continue
            if response.status_code in BUSY:
                self._wait(limit, f"{method} {path}: busy")
                continue
            if response.is_error:
                raise CallFailed(f"{method} {path}: {told(response.status_code, response.content)}")
            return response

    def _auth(self, scope: str) -> "_Bearer":
        return _Bearer(self._keys[scope])

    def _wait(self, limit: float, what: str) -> None:
        if time.monotonic() > limit:
            raise GivenUp(f"{what} (given up after {self._patience_s:.0f} seconds)")
        if self._stop.wait(RETRY_S):
            raise Stopped


class _Bearer(httpx2.Auth):
    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


def told(status: int, body: bytes) -> str:
    """A refusal in one line: the problem's title, detail and places, or the status alone."""
    try:
        problem = json.loads(body)
        places = [
            f"{one.get('pointer', one.get('parameter', ''))} {one['reason']}" for one in problem.get("errors", [])
        ]
        said = [part for part in (problem["title"], problem.get("detail"), "; ".join(places[:FAULTS_TOLD])) if part]
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{status}"
    return f"{status} {': '.join(said)}"


def body_of(code: str, nonce: bytes, answers: Mapping[str, Any]) -> bytes:
    """A submission's body."""
    return json.dumps({"code": code, "nonce": nonce_text(nonce), "answers": answers}, separators=(",", ":")).encode()


def nonce_text(nonce: bytes) -> str:
    """A nonce on the wire: URL-safe base64 without padding."""
    return urlsafe_b64encode(nonce).rstrip(b"=").decode()


def nonce_for(secret: bytes, wave: str, person: str) -> bytes:
    """The same nonce for the same person and wave whenever we resume; random to whoever lacks the secret."""
    return hashlib.blake2b(f"{UUID(wave)} {person}".encode(), key=secret, digest_size=16).digest()
