"""Running one past or made-up campaign through the public API, from wherever an earlier try left it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.cli.client import CallFailed, Client, body_of, nonce_for

Answers = Callable[[str], Mapping[str, Any] | None]


def ensure_questionnaire(client: Client, document: Mapping[str, Any]) -> dict[str, Any]:
    """The questionnaire with the document's key, published unless it is there."""
    found = _questionnaire(client, document["key"])
    if found is None:
        try:
            client.call("questionnaires:write", "POST", "/v1/questionnaires", json=document)
        except CallFailed:
            # A publication whose answer was lost has happened all the same.
            if _questionnaire(client, document["key"]) is None:
                raise
        found = _questionnaire(client, document["key"])
    if found is None:
        raise CallFailed("the questionnaire was published and is not listed")
    return found


def _questionnaire(client: Client, key: str) -> dict[str, Any] | None:
    listed = client.pages("questionnaires:write", "/v1/questionnaires")
    return next((row for row in listed if row["key"] == key), None)


def ensure_launched(client: Client, campaign: Mapping[str, Any]) -> dict[str, Any]:
    """The wave of the campaign with this name, created and launched where it is not."""
    if _named(client, campaign["name"]) is None:
        client.call("campaigns:write", "POST", "/v1/campaigns", json=campaign)
    # Asked for again: a creation whose answer was lost leaves two of one name, and every try must take the same.
    found = _named(client, campaign["name"])
    if found is None:
        raise CallFailed("the campaign was created and is not listed")
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


def _named(client: Client, name: str) -> dict[str, Any] | None:
    """The oldest campaign of a name, launched ones first."""
    named = [row for row in client.pages("campaigns:write", "/v1/campaigns") if row["name"] == name]
    return min(named, key=lambda row: (row["state"] == "draft", row["id"]), default=None)


def answer(
    client: Client,
    wave: Mapping[str, Any],
    secret: bytes,
    answers_of: Answers,
    acknowledged: Callable[[str], None],
) -> None:
    """Submit everybody's answers."""
    people: list[str] = []

    def bodies() -> Iterator[tuple[int, bytes]]:
        for person, code in client.codes(wave["id"]):
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
