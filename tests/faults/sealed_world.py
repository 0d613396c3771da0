"""A wave that fifty people answered one by one, and sixty at the same moment; every answer is one of a kind."""

import asyncio
import secrets
import struct
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx2
from nacl.public import PrivateKey

from service.campaigns.wave_keys import WaveKeys
from service.questionnaires.document import Document
from service.responses.sheet import Sheet
from tests.faults.needles import Response, nonce_text
from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, codes_of, ok, post

ALONE = 50
TOGETHER = 60
# As they are before a test breaks them.
_ENCODE, _ENCODE_TEXTS = Sheet.encode, Sheet.encode_texts
DOCUMENT: dict[str, Any] = {
    "format": "pouls/1",
    "key": "small",
    "languages": ["fr"],
    "title": {"fr": "Enquête"},
    "items": [
        {"id": "load", "type": "rating", "text": {"fr": "Charge"}, "points": 5},
        {"id": "help", "type": "rating", "text": {"fr": "Aide"}, "points": 11},
        {
            "id": "place",
            "type": "single_choice",
            "text": {"fr": "Lieu"},
            "options": [{"id": f"place_{at}", "text": {"fr": f"Lieu {at}"}} for at in range(50)],
        },
        {"id": "hours", "type": "number", "text": {"fr": "Heures"}, "minimum": -32000, "maximum": 32000},
        {"id": "word", "type": "text", "text": {"fr": "Un mot"}, "max_length": 40},
    ],
}


def a_wave(tenant: TenantUnderTest, document: dict[str, Any] = DOCUMENT, **fields: Any) -> LaunchedWave:
    """An organisation of twelve teams, large enough for everybody in this module."""
    an_org(tenant, {f"T{team}": 12 for team in range(12)})
    a_questionnaire(tenant, document)
    campaign = a_campaign(tenant, **fields)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def hris_order(wave: LaunchedWave) -> list[str]:
    """The people in the order in which they were posted."""
    return sorted(wave.codes, key=lambda person: tuple(int(part.strip("T")) for part in person.split("-")))


def serial_and_label(code: str) -> tuple[int, int]:
    """What a code says of its holder."""
    raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
    serial, label = struct.unpack_from(">II", raw, 33)
    return serial, label


def responses_of(wave: LaunchedWave) -> list[Response]:
    """A submission for each of the first people: rare answers, a text that exists once, a number that exists once."""
    sheet = Sheet.of(Document.parse(DOCUMENT))
    hours = secrets.SystemRandom().sample(range(-32000, -10000), ALONE + TOGETHER)
    out = []
    for at, person in enumerate(hris_order(wave)[: ALONE + TOGETHER]):
        answers: dict[str, Any] = {
            "load": 1 if at % 25 == 0 else 4,
            "help": None if at % 7 == 0 else 1 + at % 11,
            "place": "place_49" if at == 0 else f"place_{at % 3}",
            "hours": hours[at],
            "word": f"canari été {secrets.token_hex(at % 5 + 6)}",
        }
        if at == 1:
            answers |= {"word": "n" * 40, "load": None, "place": None}
        _, label = serial_and_label(wave.codes[person])
        out.append(
            Response(
                person,
                wave.codes[person],
                secrets.token_bytes(16),
                answers,
                _ENCODE(sheet, label, answers),
                tuple(_ENCODE_TEXTS(sheet, label, answers)),
            )
        )
    return out


def sizes() -> tuple[int, int]:
    """Bytes of a record, and of all text records of one response."""
    sheet = Sheet.of(Document.parse(DOCUMENT))
    return sheet.record_size, sheet.text_record_size


def answer_alone(tenant: TenantUnderTest, response: Response) -> None:
    """One request, one commit."""
    ok(post(tenant, response.code, dict(response.answers), response.nonce), 201)


def answer_together(tenant: TenantUnderTest, responses: list[Response]) -> None:
    """All requests at once, in the service's own loop: one group commit takes them."""

    async def go() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(app=tenant.house.client.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://pouls.test") as client:
            return await asyncio.gather(*(client.post("/v1/respond", json=body_of(one)) for one in responses))

    for answered in tenant.house.run(go):
        ok(answered, 201)


def body_of(response: Response) -> Mapping[str, Any]:
    return {"code": response.code, "nonce": nonce_text(response.nonce), "answers": response.answers}


def key_of(tenant: TenantUnderTest, wave: str) -> PrivateKey:
    """What somebody with every key could put together."""
    ((key, half),) = tenant.sql("SELECT key_id, sealed_half FROM wave_key WHERE wave_id = :wave", wave=UUID(wave))
    return WaveKeys(tenant.house.settings.keys_dir / "work").private_key(tenant.tenant_id, key, half)
