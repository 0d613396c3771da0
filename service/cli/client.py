"""A small client of our own public API, for what `demo` and `replay` do as any other caller would."""

import hashlib
import http.client
import json
import queue
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2

PATIENCE_S = 120.0
READ_S = 300.0
SENDERS = 32


class CallFailed(Exception):
    """The service refused a call; the message holds the problem it named."""


class Stopped(Exception):
    """Somebody asked to stop."""


class Client:
    """One service, one set of keys by scope."""

    def __init__(self, url: str, keys: Mapping[str, str], stop: threading.Event | None = None) -> None:
        self._url = url.rstrip("/")
        self._keys = keys
        self._http = httpx2.Client(base_url=self._url, timeout=httpx2.Timeout(READ_S, connect=10.0))
        self._stop = stop or threading.Event()

    def close(self) -> None:
        self._http.close()

    def call(self, scope: str, method: str, path: str, **request: Any) -> Any:
        """One call, tried again for a while where the service is away or busy (every call here may be repeated)."""
        limit = time.monotonic() + PATIENCE_S
        while True:
            try:
                response = self._http.request(method, path, auth=_Bearer(self._keys[scope]), **request)
            except httpx2.TransportError as error:
                self._wait(limit, f"{method} {path}: {type(error).__name__}")
                continue
            if response.status_code == 503:  # noqa: PLR2004 - HTTP's own number
                self._wait(limit, f"{method} {path}: busy")
                continue
            if response.is_error:
                raise CallFailed(f"{method} {path}: {response.status_code} {response.text[:2000]}")
            return response.json() if response.content else None

    def upsert(self, path: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Send rows as NDJSON, a chunk at a time."""
        sent = list(rows)

        def lines() -> Iterator[bytes]:
            for start in range(0, len(sent), 1000):
                chunk = sent[start : start + 1000]
                yield "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in chunk).encode()

        done: dict[str, int] = self.call(
            "people:write", "PUT", path, content=b"".join(lines()), headers={"Content-Type": "application/x-ndjson"}
        )
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

    def codes(self, wave: str) -> Iterator[tuple[str, str]]:
        """(person, code) of a wave, streamed."""
        path = f"/v1/waves/{wave}/invitations"
        with self._http.stream("GET", path, auth=_Bearer(self._keys["invitations:read"])) as response:
            if response.is_error:
                raise CallFailed(f"GET {path}: {response.status_code}")
            for line in response.iter_lines():
                row = json.loads(line)
                yield row["person"], row["code"]

    def release_of(self, wave: str, limit_s: float = 3600.0) -> dict[str, Any]:
        """Wait for a closed wave's release."""
        limit = time.monotonic() + limit_s
        while True:
            found: list[dict[str, Any]] = list(self.pages("aggregates:read", "/v1/releases", wave=wave))
            if found:
                return found[0]
            self._wait(limit, "the release did not come")

    def send(
        self, answers: Iterable[tuple[int, bytes]], acknowledged: Callable[[int], None], senders: int = SENDERS
    ) -> None:
        """Submit bodies over keep-alive connections; `acknowledged(number)` is called for each once it is committed."""
        crew = _Crew(self._submit, acknowledged, self._stop, senders)
        crew.run(answers)
        if self._stop.is_set():
            raise Stopped

    def _submit(self, connection: http.client.HTTPConnection | None, body: bytes) -> http.client.HTTPConnection:
        """Until acknowledged: the nonce in the body makes repeating harmless."""
        limit = time.monotonic() + PATIENCE_S
        while True:
            try:
                if connection is None:
                    connection = self._connect()
                connection.request("POST", "/v1/respond", body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException) as error:
                if connection is not None:
                    connection.close()
                connection = None
                self._wait(limit, f"submitting: {type(error).__name__}")
                continue
            if response.status == 201:  # noqa: PLR2004 - HTTP's own number
                return connection
            if response.status != 503:  # noqa: PLR2004 - same
                problem = text.decode("utf-8", "replace")[:500]
                raise CallFailed(f"POST /v1/respond: {response.status} {problem}")
            self._wait(limit, "submitting: busy")

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=READ_S)

    def _wait(self, limit: float, what: str) -> None:
        if time.monotonic() > limit:
            raise CallFailed(what)
        if self._stop.wait(0.2):
            raise Stopped


class _Crew:
    """Threads that take submissions from a short queue; the first failure ends them all."""

    def __init__(
        self,
        submit: Callable[[http.client.HTTPConnection | None, bytes], http.client.HTTPConnection],
        acknowledged: Callable[[int], None],
        stop: threading.Event,
        senders: int,
    ) -> None:
        self._submit = submit
        self._acknowledged = acknowledged
        self._stop = stop
        self._guard = threading.Lock()
        self._failures: list[Exception] = []
        self._waiting: queue.Queue[tuple[int, bytes] | None] = queue.Queue(maxsize=senders * 4)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(senders)]

    def run(self, jobs: Iterable[tuple[int, bytes]]) -> None:
        for thread in self._threads:
            thread.start()
        try:
            for job in jobs:
                if self._is_over():
                    break
                self._waiting.put(job)
        finally:
            for _ in self._threads:
                self._waiting.put(None)
            for thread in self._threads:
                thread.join()
        if self._failures:
            raise self._failures[0]

    def _is_over(self) -> bool:
        return bool(self._failures) or self._stop.is_set()

    def _work(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while (job := self._waiting.get()) is not None:
            if self._is_over():
                continue
            try:
                connection = self._submit(connection, job[1])
                with self._guard:
                    self._acknowledged(job[0])
            except Exception as error:  # noqa: BLE001 - carried to the caller's thread and raised there
                self._failures.append(error)
        if connection is not None:
            connection.close()


class _Bearer(httpx2.Auth):
    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


def body_of(code: str, nonce: bytes, answers: Mapping[str, Any]) -> bytes:
    """A submission's body."""
    drawn = urlsafe_b64encode(nonce).rstrip(b"=").decode()
    return json.dumps({"code": code, "nonce": drawn, "answers": answers}, separators=(",", ":")).encode()


def nonce_for(secret: bytes, wave: str, person: str) -> bytes:
    """The same nonce for the same person and wave whenever we resume; random to whoever lacks the secret."""
    return hashlib.blake2b(f"{UUID(wave)} {person}".encode(), key=secret, digest_size=16).digest()
