"""A wave with questions of every kind, open to links, short codes and an intranet; and what of it was counted."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from service.kit.crypto import read_key
from service.questionnaires.document import Document
from service.questionnaires.elements import MultipleChoiceItem, RankingItem, SingleChoiceItem, TextItem
from service.responses.seal import Batch, Seal
from service.responses.sheet import SKIPPED, Sheet
from service.responses.unseal import Opener
from tests.faults.sealed_world import key_of
from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import a_campaign, a_questionnaire, an_org, ok

TEAMS = {"A": 150, "B": 60}
WAYS = ["links", "kiosk", "intranet"]
Json = dict[str, Any]


def _both(french: str, english: str) -> dict[str, str]:
    return {"fr": french, "en": english}


def _rating(name: str, french: str, english: str, **fields: Any) -> Json:
    labels = {"1": _both("Pas du tout", "Not at all"), "5": _both("Tout à fait", "Completely")}
    return {"id": name, "type": "rating", "points": 5, "text": _both(french, english), "labels": labels} | fields


def _options(**texts: tuple[str, str]) -> list[Json]:
    return [{"id": name, "text": _both(*both)} for name, both in texts.items()]


ITEMS: list[Json] = [
    _rating("load", "Ma charge de travail est tenable", "My workload is sustainable", required=True),
    {
        "id": "recommend", "type": "enps",
        "text": _both("Recommanderiez-vous notre entreprise ?", "Would you recommend our company?"),
        "labels": {"0": _both("Jamais", "Never"), "10": _both("Sans hésiter", "Without hesitation")},
    },
    {
        "id": "place", "type": "single_choice",
        "text": _both("Où travaillez-vous surtout ?", "Where do you mostly work?"),
        "options": _options(office=("Au bureau", "At the office"), home=("À domicile", "At home")),
    },
    {
        "id": "days", "type": "number", "minimum": 1, "maximum": 7, "required": True,
        "text": _both("Combien de jours : {{place|chez vous}} ?", "How many days: {{place|there}}?"),
        "visible_if": {"item": "place", "is": ["home"]},
    },
    {
        "id": "tools", "type": "multiple_choice", "max_choices": 2, "text": _both("Vos outils", "Your tools"),
        "options": _options(chat=("Messagerie", "Chat"), call=("Téléphone", "Telephone"), board=("Tableau", "Board")),
    },
    _rating("heard", "On m'écoute", "I am listened to"),
    _rating("helped", "On m'aide", "I am helped"),
    _rating("trusted", "On me fait confiance", "I am trusted"),
    _rating("calm", "Je travaille au calme", "I work in calm surroundings"),
    _rating("clear", "Mes objectifs sont clairs", "My goals are clear"),
    {
        "id": "priorities", "type": "ranking", "max_ranks": 3, "text": _both("Vos priorités", "Your priorities"),
        "options": _options(
            pay=("Salaire", "Pay"), time=("Temps", "Time"), team=("Équipe", "Team"), room=("Locaux", "Rooms")
        ),
    },
    _rating("health", "Mon travail nuit à ma santé", "My work harms my health", sensitive=True),
    {"id": "comment", "type": "text", "max_length": 80, "text": _both("Un mot de plus ?", "Anything to add?")},
]  # fmt: skip

DOCUMENT: Json = {
    "format": "pouls/1",
    "key": "small",
    "languages": ["en", "fr"],
    "title": _both("Le pouls du mois", "This month's pulse"),
    "introduction": _both("Quelques questions sur votre travail.", "A few questions about your work."),
    "support": [
        {"name": _both("Médecine du travail", "Occupational health"), "phone": "+33 1 00 00 00 00",
         "detail": _both("En toute confidence", "In confidence")},
        {"name": _both("Ligne d'écoute", "Helpline"), "detail": _both("Jour et nuit", "Day and night"),
         "url": "https://help.example/talk"},
    ],
    "items": ITEMS,
    "sections": [
        {"id": "week", "title": _both("Votre semaine", "Your week"),
         "items": ["load", "recommend", "place", "days", "tools"]},
        {"id": "climate", "title": _both("Votre équipe", "Your team"), "text": _both("Dans mon équipe", "In my team"),
         "items": ["heard", "helped", "trusted"], "layout": "matrix"},
        {"id": "desk", "title": _both("Votre poste", "Your desk"), "items": ["calm", "clear"], "order": "random"},
        {"id": "last", "title": _both("Pour finir", "To finish"), "items": ["priorities", "health", "comment"]},
    ],
}  # fmt: skip


@dataclass
class Pulse:
    """An open wave; each code, and each short code, is handed out once."""

    tenant: TenantUnderTest
    campaign: str
    wave: str
    address: str
    document: Document
    codes: list[str]
    short_codes: list[str]
    people: list[str]
    _known: set[UUID] = field(default_factory=set)

    def code(self) -> str:
        """Of a link."""
        return self.codes.pop()

    def short_code(self) -> str:
        return self.short_codes.pop()

    def intranet_code(self, person: str | None = None) -> str:
        """Good for an hour; of somebody who had none yet, or of this person."""
        body = {"wave": self.wave, "person": person or self.people.pop()}
        given: str = ok(self.tenant.call("participations:write", "POST", "/v1/participations", json=body), 201)["code"]
        return given

    def allow(self, *origins: str) -> None:
        """Pages that may show it; pages of others may not any more."""
        ok(self.tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": origins}))

    def counted(self) -> int:
        """How many responses there are."""
        found: int = self.tenant.sql("SELECT count(*) FROM spent_code WHERE wave_id = :wave", wave=UUID(self.wave))[0][
            0
        ]
        return found

    def close(self) -> None:
        ok(self.tenant.call("campaigns:write", "POST", f"/v1/campaigns/{self.campaign}/close"))

    def spent_by(self, person: str) -> bool:
        """Whether this person's right to answer is used."""
        rows = self.tenant.sql(
            "SELECT 1 FROM spent_code s JOIN roster_line r ON r.wave_id = s.wave_id AND r.serial = s.serial "
            "JOIN person p ON p.person_id = r.person_id WHERE s.wave_id = :wave AND p.external_id = :person",
            wave=UUID(self.wave), person=person,
        )  # fmt: skip
        return len(rows) == 1

    def arrived(self) -> list[Json]:
        """The answers that came since this was asked last, as somebody with every key can open them; skips left out."""
        fields = ", ".join(Batch.__dataclass_fields__)
        rows = self.tenant.sql(f"SELECT {fields} FROM sealed_batch WHERE wave_id = :wave", wave=UUID(self.wave))  # noqa: S608 - from here
        new = [Batch(**row._mapping) for row in rows if row.batch_id not in self._known]
        self._known |= {batch.batch_id for batch in new}
        seal = Seal(read_key(self.tenant.house.settings.keys_dir / "api" / "intake.key"))
        opener = Opener(seal, self.tenant.tenant_id, UUID(self.wave), key_of(self.tenant, self.wave))
        return [answers for batch in new for answers in _answers(self.document, opener, batch)]


def a_pulse(house: House, document: Json = DOCUMENT, **fields: Any) -> Pulse:
    """A tenant of its own with this wave."""
    tenant = house.tenant()
    people = an_org(tenant, TEAMS)
    a_questionnaire(tenant, document)
    campaign = a_campaign(tenant, participation={"ways": WAYS}, **fields)["id"]
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    house.sweep()
    listed = tenant.call("invitations:read", "GET", f"/v1/waves/{wave['id']}/invitations")
    lines = {line["person"]: line for line in map(json.loads, listed.text.splitlines())}
    thirds = [people[at::3] for at in range(3)]  # nobody's right to answer is spent by a way that another test takes
    return Pulse(
        tenant,
        campaign,
        wave["id"],
        wave["address"],
        Document.parse(document),
        [lines[person]["code"] for person in thirds[0]],
        [lines[person]["short_code"] for person in thirds[1]],
        thirds[2],
    )


def _answers(document: Document, opener: Opener, batch: Batch) -> list[Json]:
    sheet = Sheet.of(document)
    _, cells = sheet.decode(opener.records(batch, sheet.record_size))
    found: list[Json] = []
    for row in cells.tolist():
        by_item: dict[str, list[int]] = {}
        for column, value in zip(sheet.columns, row, strict=True):
            by_item.setdefault(column.item_id, []).append(value)
        found.append(
            {name: _answer(document, name, values) for name, values in by_item.items() if SKIPPED not in values}
        )
    items = [item.id for item in document.items if isinstance(item, TextItem)]
    if items:
        texts = sheet.decode_texts(opener.texts(batch, sheet.text_record_size, len(items)))
        # Texts are mixed with those of the responses sealed together with them; these came one by one.
        assert batch.response_count == 1
        said = zip(texts.items.tolist(), texts.texts, strict=True)
        found[0] |= {document.items[at].id: text for at, text in said if text}
    return found


def _answer(document: Document, name: str, values: list[int]) -> Any:
    item = next(one for one in document.items if one.id == name)
    match item:
        case SingleChoiceItem():
            return item.options[values[0]].id
        case MultipleChoiceItem():
            return [option.id for option, chosen in zip(item.options, values, strict=True) if chosen]
        case RankingItem():
            ranked = sorted((rank, option.id) for option, rank in zip(item.options, values, strict=True) if rank)
            return [option for _, option in ranked]
    return values[0]
