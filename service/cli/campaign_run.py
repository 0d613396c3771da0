"""Running one past or made-up campaign through the public API, from wherever an earlier try left it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.cli.client import CallFailed, Client, body_of, nonce_for

Answers = Callable[[str], Mapping[str, Any] | None]


def ensure_questionnaire(client: Client, document: Mapping[str, Any]) -> None:
    """Publish the questionnaire unless its key is there."""
    known = {row["key"] for row in client.pages("questionnaires:write", "/v1/questionnaires")}
    if document["key"] not in known:
        client.call("questionnaires:write", "POST", "/v1/questionnaires", json=document)


def ensure_launched(client: Client, campaign: Mapping[str, Any]) -> dict[str, Any]:
    """The wave of the campaign with this name, created and launched where it is not."""
    named = [row for row in client.pages("campaigns:write", "/v1/campaigns") if row["name"] == campaign["name"]]
    found = named[0] if named else client.call("campaigns:write", "POST", "/v1/campaigns", json=campaign)
    path = f"/v1/campaigns/{found['id']}"
    if found["state"] == "draft":
        try:
            client.call("campaigns:write", "POST", f"{path}/launch")
        except CallFailed:
            # A launch whose answer was lost has happened all the same.
            if client.call("campaigns:write", "GET", path)["state"] == "draft":
                raise
    waves: list[dict[str, Any]] = client.call("campaigns:write", "GET", f"{path}/waves")
    return waves[0] | {"campaign": found["id"]}


def answer(
    client: Client,
    wave: Mapping[str, Any],
    secret: bytes,
    answers_of: Answers,
    acknowledged: Callable[[str], None],
    already: Callable[[str], bool] = lambda _: False,
) -> None:
    """Submit everybody's answers; who is `already` acknowledged is passed over."""
    people: list[str] = []

    def bodies() -> Iterator[tuple[int, bytes]]:
        for person, code in client.codes(wave["id"]):
            if already(person):
                continue
            given = answers_of(person)
            if given is not None:
                people.append(person)
                yield len(people) - 1, body_of(code, nonce_for(secret, wave["id"], person), given)

    client.send(bodies(), lambda number: acknowledged(people[number]))


def close(client: Client, wave: Mapping[str, Any]) -> dict[str, Any]:
    """Close the campaign unless it is closed, and wait for its release."""
    path = f"/v1/campaigns/{wave['campaign']}"
    try:
        client.call("campaigns:write", "POST", f"{path}/close")
    except CallFailed:
        if client.call("campaigns:write", "GET", path)["state"] != "closed":
            raise
    release = client.release_of(wave["id"])
    if release["status"] != "published":
        raise CallFailed(f"the release was refused: {release['reason']}")
    return release
