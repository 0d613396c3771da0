"""A wave of a random organisation, asked a random questionnaire through the API; the same for the same seed."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ
from tests.make.world import a_campaign, a_questionnaire, codes_of, ok, post

Json = dict[str, Any]
# What spreadsheets run, what pages could take for markup, what is not seen, and what stands between words in French.
_NAMES = (
    "=SUM(A1:A9)", "+33 1", "-1", "@équipe", "<b>Recherche</b>", 'R&D ; "Paris"', "Direction\u00a0générale",
    "a\nb", "l'Été {0}", "100 %", "\u202eabc", "équipe\tB", "Œuvres 😀", "null", "1,5", ">= 90", "\ufeff=1",
)  # fmt: skip
_ODD_IDS = ("=D1", "D\u00a02", "D;3", "é-4", "D'5", "D\n6", "7", "-8")


@dataclass(frozen=True)
class Released:
    tenant: TenantUnderTest
    campaign: str
    release: str


def a_random_release(house: House, seed: int) -> Released:
    """Units of 3 to 32 people, of whom not all answer, broken down where the draw says so."""
    draw = Random(seed)
    tenant = house.tenant()
    people = _organised(tenant, draw)
    plan = _broken_down(tenant, draw, people)
    document = _document(draw)
    a_questionnaire(tenant, document)
    audience = {"units": [next(iter(people.values()))]}  # the topmost
    campaign = a_campaign(tenant, name=_name(draw), questionnaire="random", plan=plan, audience=audience)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    house.sweep()
    for code in codes_of(tenant, wave["id"]).values():
        if draw.random() < 0.85:
            ok(post(tenant, code, {item["id"]: _answer(draw, item) for item in document["items"]}), 201)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/close"))
    house.sweep()
    (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave['id']}"))["data"]
    assert release["status"] == "published"
    return Released(tenant, campaign["id"], release["id"])


def _name(draw: Random) -> str:
    return f"{draw.choice(_NAMES)} {draw.randrange(1000)}"


def _organised(tenant: TenantUnderTest, draw: Random) -> dict[str, str]:
    """People with the unit of each."""
    ids = draw.sample(_ODD_IDS, draw.randint(3, 5))
    units: list[Json] = []
    for at, unit in enumerate(ids):
        above = {"parent": draw.choice(ids[:at])} if at else {}
        units.append({"external_id": unit, "name": _name(draw)} | above)
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    sizes = {unit: draw.choice([3, 6, 9, 14, 32]) for unit in ids}
    people = {f"p{at}-{number}": unit for at, unit in enumerate(ids) for number in range(sizes[unit])}
    rows = [{"external_id": one, "unit": unit} for one, unit in people.items()]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=rows))
    return people


def _broken_down(tenant: TenantUnderTest, draw: Random, people: dict[str, str]) -> Json:
    """The plan; every other time by a dimension whose values have odd labels."""
    if draw.random() < 0.5:
        return {"breakdowns": [["org"]]}
    values = [{"id": f"v{at}", "label": {"en": _name(draw), "fr": _name(draw)}} for at in range(2)]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=[{"name": "site", "values": values}]))
    rows = [
        {"external_id": one, "unit": unit, "dimensions": {"site": draw.choice(["v0", "v0", "v1"])}}
        for one, unit in people.items()
    ]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=rows))
    return {"breakdowns": [["org"], ["org", "site"]]}


def _document(draw: Random) -> Json:
    languages = draw.choice([["fr", "en"], ["en"], ["fr"]])

    def texts(at: int) -> Json:
        return {language: f"{_name(draw)} {at}" for language in languages}

    points = draw.randint(3, 7)
    options = [{"id": f"o{at}", "text": texts(at)} for at in range(3)]
    kinds: list[Json] = [
        *({"id": f"q{at}", "type": "rating", "points": points, "reverse": at == 1} for at in range(4)),
        {"id": "nps", "type": "enps"},
        {"id": "one", "type": "single_choice", "options": options},
        {"id": "many", "type": "multiple_choice", "options": options},
        {"id": "ranks", "type": "ranking", "options": options, "max_ranks": 2},
        {"id": "years", "type": "number", "minimum": -5, "maximum": 40},
    ]
    scales: list[Json] = [
        {"id": f"s{at}", "title": texts(20 + at), "items": [f"q{2 * at}", f"q{2 * at + 1}"]} for at in range(2)
    ]
    scales[0]["bands"] = [{"id": "low", "title": texts(30)}, {"id": "high", "title": texts(31), "at_least": 2.5}]
    scales[1]["favourable"] = draw.choice(["high", "low"])
    indices = [{"id": "x", "title": texts(40), "scales": ["s0", "s1"]}] if draw.random() < 0.7 else []
    return {
        "format": "pouls/1", "key": "random", "languages": languages, "title": texts(0),
        "items": [one | {"text": texts(at + 1)} for at, one in enumerate(kinds)], "scales": scales, "indices": indices,
    }  # fmt: skip


def _answer(draw: Random, item: Json) -> Any:
    match item["type"]:
        case "rating":
            return draw.randint(max(1, item["points"] - 3), item["points"])
        case "enps":
            return draw.choice([0, 6, 7, 8, 9, 10, 10])
        case "single_choice":
            return draw.choice(["o0", "o0", "o1", "o2"])
        case "multiple_choice":
            return draw.sample(["o0", "o1", "o2"], draw.randint(0, 3))
        case "ranking":
            return draw.sample(["o0", "o1", "o2"], 2)
        case _:
            return draw.randint(item["minimum"], item["maximum"])
