"""What the log is told of a fault that leaves as a problem: its class and place, never its text."""

from fastapi import FastAPI
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from service.problems import install


def fail() -> None:
    raise OSError("SECRET")


def test_a_fault_that_is_shown_as_busy_is_logged_with_its_place() -> None:
    app = FastAPI()
    install(app)
    app.get("/")(fail)
    with capture_logs() as logged, TestClient(app) as client:
        answer = client.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    (line,) = logged
    name, _, place = line["at"].partition(":")
    assert (name, place) == ("test_problems_logged.py", str(fail.__code__.co_firstlineno + 1))
    assert (line["problem"], line["shown_as"]) == ("OSError", "busy")
    assert "SECRET" not in str(line)
