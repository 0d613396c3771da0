"""The sender against a service that misbehaves: each answer is acknowledged once, or the sender says why not."""

import json
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from service.cli import sender

JOBS = 300
RECORDED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"

Answer = Callable[[int, int], bytes]
"""What to reply to a job's nth try. An empty reply, or one that says so, ends the connection."""


class Service:
    """Replies as told, and counts the tries of each job."""

    def __init__(self, answer: Answer) -> None:
        self.tries: Counter[int] = Counter()
        self.heads: set[bytes] = set()
        service, guard = self, threading.Lock()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while line := self.rfile.readline():
                    head = [line]
                    while (line := self.rfile.readline()) != b"\r\n":
                        head.append(line)
                    length = next(int(one.split(b":")[1]) for one in head if one.startswith(b"Content-Length"))
                    job = json.loads(self.rfile.read(length))
                    with guard:
                        service.heads.add(b"".join(head[:3]))
                        service.tries[job] += 1
                        reply = answer(job, service.tries[job])
                    self.wfile.write(reply)
                    if not reply or b"close" in reply:
                        return

        self.handler = Handler


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 2 * sender.CONNECTIONS


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[Service, str]]:
    service = Service(answer)
    with Server(("127.0.0.1", 0), service.handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield service, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def jobs() -> Iterator[tuple[int, bytes]]:
    return ((number, str(number).encode()) for number in range(JOBS))


def send(url: str, stop: threading.Event | None = None, patience_s: float = 10.0) -> Counter[int]:
    done: Counter[int] = Counter()
    sender.submit_all(url, jobs(), lambda number: done.update([number]), stop or threading.Event(), patience_s)
    return done


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "RETRY_S", 0.01)


def everybody() -> Counter[int]:
    return Counter(range(JOBS))


def test_each_answer_is_acknowledged_once() -> None:
    with serving(lambda _job, _tries: RECORDED) as (service, url):
        assert send(url + "/behind/a/proxy/") == everybody()
    assert service.tries == everybody()
    host = url.removeprefix("http://").encode()
    assert service.heads == {
        b"POST /behind/a/proxy/v1/respond HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n" % host
    }


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy",
        b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Len",
        b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{",
        b"close of the conversation\r\n\r\n",
    ],
)
def test_trouble_is_tried_again(first: bytes) -> None:
    with serving(lambda job, tries: RECORDED if job % 7 or tries > 1 else first) as (service, url):
        assert send(url) == everybody()
    assert service.tries[7] == 2
    assert service.tries[8] == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.0 201 Created\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_other_ways_to_say_created(reply: bytes) -> None:
    with serving(lambda _job, _tries: reply) as (_, url):
        assert send(url) == everybody()


def test_a_refusal_ends_it_and_is_told() -> None:
    body = b'{"title":"This participation code has been used"}' + b" " * 200_000
    refusal = b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with (
        serving(lambda job, _tries: refusal if job == 200 else RECORDED) as (service, url),
        pytest.raises(sender.SubmissionRefused) as no,
    ):
        send(url)
    assert (no.value.status, no.value.body) == (409, body[: sender.PROBLEM_LIMIT])
    assert service.tries[200] == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [(b"", "ConnectionResetError"), (b"HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nno!", "the service is busy")],
)
def test_a_service_that_never_acknowledges_is_given_up(reply: bytes, said: str) -> None:
    with serving(lambda _job, _tries: reply) as (_, url), pytest.raises(sender.NothingAcknowledged, match=said):
        send(url, patience_s=0.3)


def test_a_service_that_keeps_silent_is_given_up() -> None:
    def silent(_job: int, _tries: int) -> bytes:
        over.wait(5)
        return b""

    over = threading.Event()
    with serving(silent) as (_, url):
        with pytest.raises(sender.NothingAcknowledged):
            send(url, patience_s=0.3)
        over.set()


def test_patience_starts_anew_with_each_acknowledgement() -> None:
    def slow(_job: int, _tries: int) -> bytes:
        time.sleep(0.005)
        return RECORDED

    with serving(slow) as (_, url):
        began = time.monotonic()
        assert send(url, patience_s=0.8) == everybody()
        assert time.monotonic() - began > 1.0


def test_somebody_may_stop_it() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with serving(lambda _job, _tries: b"") as (_, url), pytest.raises(sender.Interrupted):
        send(url, stop)


def test_a_fault_of_the_caller_is_raised() -> None:
    def faulty() -> Iterator[tuple[int, bytes]]:
        yield 1, b"1"
        raise LookupError("mine")

    with serving(lambda _job, _tries: RECORDED) as (_, url), pytest.raises(LookupError, match="mine"):
        sender.submit_all(url, faulty(), lambda _: None, threading.Event(), 5.0)
