"""The yardstick: a bare FastAPI endpoint that reads the same body, checks nothing of it and keeps nothing."""

from fastapi import FastAPI
from pydantic import BaseModel

REPLY = b'{"status":"recorded"}'


class Submission(BaseModel):
    code: str
    nonce: str
    answers: dict[str, int]


def bare() -> FastAPI:
    """One route. Telemetry is off, as in the service."""
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/v1/respond", status_code=201)
    async def respond(submission: Submission) -> dict[str, str]:
        del submission
        return {"status": "recorded"}

    return app
