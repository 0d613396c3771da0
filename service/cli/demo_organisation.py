"""The fictional organisation of the demonstration, and what its people answer.

Pure and deterministic: everything follows from the seed. People are external ids and nothing else. Unit codes carry
their place in the tree: team T124 is the fourth team of department S12, in division D1.
"""

import zlib
from typing import Any, NamedTuple

import numpy as np

Json = dict[str, Any]

SOURCE = "demo"
ROOT = "D0"
POINTS_OF_REFERENCE = 5
TREND_ENDS_AT = 10
"""Wave after which the improvement of an accompanied division levels off."""


class Department(NamedTuple):
    name: str
    site: str
    family: str
    teams: int
    office: bool = False
    """An office is a last team of one to three people: too small to be shown on its own."""


class Division(NamedTuple):
    name: str
    trend: float
    """Mean improvement per wave, in points of a five-point item, while managers are being accompanied."""
    departments: tuple[Department, ...]


class Organisation(NamedTuple):
    """Bodies of the calls that load people: org units (parents first), people and dimensions."""

    units: list[Json]
    people: list[Json]
    dimensions: list[Json]


DIVISIONS = (
    Division(
        "Conseil et relation client",
        0.07,
        (
            Department("Grands comptes", "lyon", "customers", 7, office=True),
            Department("Clients régionaux", "nantes", "customers", 8),
            Department("Assistance clientèle", "lille", "customers", 8),
            Department("Développement commercial", "lyon", "customers", 6),
        ),
    ),
    Division(
        "Production et logistique",
        0.0,
        (
            Department("Atelier d'assemblage", "nantes", "operations", 9, office=True),
            Department("Maintenance", "nantes", "operations", 8),
            Department("Entrepôt et expéditions", "lille", "operations", 8, office=True),
            Department("Qualité", "lyon", "technology", 5),
        ),
    ),
    Division(
        "Irish Operations",
        0.0,
        (
            Department("Customer Support", "dublin", "customers", 8),
            Department("Field Services", "cork", "operations", 7, office=True),
            Department("Partner Accounts", "dublin", "customers", 6),
            Department("Supply Planning", "cork", "operations", 7),
        ),
    ),
    Division(
        "Produits numériques / Digital Products",
        0.05,
        (
            Department("Applications", "montreal", "technology", 8, office=True),
            Department("Données / Data", "montreal", "technology", 7),
            Department("Plateformes / Platforms", "montreal", "technology", 8),
            Department("Design", "montreal", "technology", 4),
        ),
    ),
    Division(
        "Fonctions support / Corporate Functions",
        0.02,
        (
            Department("Finance", "lyon", "support", 7, office=True),
            Department("Ressources humaines", "lyon", "support", 5),
            Department("IT Services", "dublin", "technology", 8),
            Department("Achats / Purchasing", "nantes", "support", 5, office=True),
        ),
    ),
)

FRENCH_SPEAKERS = {"lyon": 0.97, "nantes": 0.97, "lille": 0.97, "dublin": 0.05, "cork": 0.03, "montreal": 0.65}
"""Share of people who chose French, by site."""
NAMED_IN_ENGLISH = frozenset({"dublin", "cork"})
AT_THE_SITE_OF_THE_DEPARTMENT = 0.93

SITES = {
    "lyon": ("Lyon", "Lyon"),
    "nantes": ("Nantes", "Nantes"),
    "lille": ("Lille", "Lille"),
    "dublin": ("Dublin", "Dublin"),
    "cork": ("Cork", "Cork"),
    "montreal": ("Montréal", "Montreal"),
}
TENURES = {
    "under_1": ("Moins de 1 an", "Less than 1 year"),
    "from_1_to_2": ("1 à 2 ans", "1 to 2 years"),
    "from_3_to_9": ("3 à 9 ans", "3 to 9 years"),
    "from_10": ("10 ans et plus", "10 years or more"),
}
TENURE_SHARES = (0.12, 0.22, 0.39, 0.27)
TENURE_YEARS = {"under_1": (0, 0), "from_1_to_2": (1, 2), "from_3_to_9": (3, 9), "from_10": (10, 34)}
FAMILIES = {
    "customers": ("Relation client", "Customer relations"),
    "operations": ("Production et terrain", "Production and field work"),
    "technology": ("Technique et numérique", "Engineering and digital"),
    "support": ("Fonctions support", "Corporate functions"),
    "management": ("Encadrement", "Management"),
}
WORK_PLACES = {
    "customers": {"on_site": 0.40, "at_home": 0.15, "site_and_home": 0.30, "on_the_move": 0.15},
    "operations": {"on_site": 0.85, "at_home": 0.01, "site_and_home": 0.02, "on_the_move": 0.12},
    "technology": {"on_site": 0.20, "at_home": 0.30, "site_and_home": 0.49, "on_the_move": 0.01},
    "support": {"on_site": 0.45, "at_home": 0.12, "site_and_home": 0.42, "on_the_move": 0.01},
    "management": {"on_site": 0.50, "at_home": 0.05, "site_and_home": 0.35, "on_the_move": 0.10},
}

PLEASED = {
    "fr": (
        "L'ambiance est bonne et on s'entraide volontiers.",
        "Le point du lundi nous aide à y voir clair, merci de le garder.",
        "Nous prenons enfin le temps de parler du fond.",
        "Les priorités sont plus lisibles qu'avant.",
        "Rien à signaler, tout avance bien.",
        "Quand quelque chose coince, on trouve une oreille attentive.",
    ),
    "en": (
        "Good atmosphere, and people are happy to lend a hand.",
        "The Monday check-in helps us see clearly. Please keep it.",
        "We are finally taking the time to talk things through.",
        "Priorities are easier to follow than they used to be.",
        "Nothing to report, things are going well.",
        "When something gets stuck, there is always someone to listen.",
    ),
}
STRAINED = {
    "fr": (
        "Trop de demandes urgentes arrivent en même temps.",
        "Il faudrait décider plus tôt de ce qui peut attendre.",
        "Les plannings changent trop tard pour qu'on puisse s'organiser.",
        "Un peu de reconnaissance ferait du bien à toute l'équipe.",
        "Difficile de se concentrer, nous manquons de moments calmes.",
        "Nous avons perdu le lien avec les collègues des autres sites.",
    ),
    "en": (
        "Too many urgent requests land at the same time.",
        "It would help to decide earlier what can wait.",
        "Schedules change too late for us to plan around them.",
        "A little recognition would do the whole team good.",
        "It is hard to concentrate; we need more quiet time.",
        "We have lost touch with colleagues at the other sites.",
    ),
}


def organisation(seed: int = 1) -> Organisation:
    """About 1,200 people in four levels: the whole, divisions, departments, teams. Every person sits in a team."""
    units = [_unit(ROOT, "Groupe Estuaire (démonstration / demo)", None)]
    people: list[Json] = []
    rng = _rng(seed, "organisation")
    for d, division in enumerate(DIVISIONS, 1):
        units.append(_unit(f"D{d}", division.name, ROOT))
        for s, department in enumerate(division.departments, 1):
            units.append(_unit(f"S{d}{s}", department.name, f"D{d}"))
            for t in range(1, department.teams + 1):
                team = f"T{d}{s}{t}"
                is_office = department.office and t == department.teams
                units.append(_unit(team, _team_name(department, t, is_office=is_office), f"S{d}{s}"))
                size = int(rng.integers(1, 4) if is_office else rng.integers(4, 15))
                people += [_person(rng, len(people) + m + 1, team, department, leads=m == 0) for m in range(size)]
    dimensions = [_dimension("site", SITES), _dimension("tenure", TENURES), _dimension("job_family", FAMILIES)]
    return Organisation(units, people, dimensions)


def answers(document: Json, person: Json, wave_number: int, seed: int = 1) -> Json | None:
    """What one person sends in one wave (1, 2, ...) to a questionnaire document; None for a person who does not answer.

    A rating is a level shared by the team, the person, the item and the trend of the division, plus noise, brought to
    the points of the item. The same (document, person, wave, seed) gives the same answers.
    """
    unit, who = person["unit"], person["external_id"]
    team_mood = _rng(seed, "team", unit).normal(0, 0.4)
    temper, zeal = _rng(seed, "person", who).normal(0, (0.45, 0.08))
    rng = _rng(seed, document["key"], wave_number, who)
    if rng.random() > 0.76 + 0.08 * team_mood + zeal:
        return None
    progress = DIVISIONS[int(unit[1]) - 1].trend * (min(wave_number, TREND_ENDS_AT) - 1)
    mood = team_mood + temper + progress + rng.normal(0, 0.25)
    sent: Json = {}
    for item, usual in zip(document["items"], _usual_levels(document, unit, seed), strict=True):
        if not item.get("required") and rng.random() < _skip_share(item):
            continue
        match item["type"]:
            case "rating":
                sent[item["id"]] = _points(item, usual + mood + rng.normal(0, 0.75))
            case "single_choice":
                sent[item["id"]] = str(rng.choice(_options(item), p=_choice_shares(item, person, seed)))
            case "multiple_choice":
                sent[item["id"]] = _several(rng, item, seed)
            case "number":
                sent[item["id"]] = _number(rng, item, person)
            case "text":
                sent[item["id"]] = _comment(rng, person["language"], mood)
            case unknown:
                raise ValueError(f"no demonstration answer for an item of type {unknown!r}")
    return sent


def _rng(*parts: int | str) -> np.random.Generator:
    """One independent stream per combination of parts, so that no answer depends on who was asked before."""
    return np.random.default_rng([zlib.crc32(p.encode()) if isinstance(p, str) else p for p in parts])


def _unit(external_id: str, name: str, parent: str | None) -> Json:
    return {"source": SOURCE, "external_id": external_id, "name": name, "parent": parent}


def _dimension(name: str, values: dict[str, tuple[str, str]]) -> Json:
    return {"name": name, "values": [{"id": i, "label": {"fr": fr, "en": en}} for i, (fr, en) in values.items()]}


def _team_name(department: Department, number: int, *, is_office: bool) -> str:
    if department.site in NAMED_IN_ENGLISH:
        return f"{department.name} - " + ("office" if is_office else f"team {number}")
    return f"{department.name} - " + ("secrétariat" if is_office else f"équipe {number}")


def _person(rng: np.random.Generator, number: int, team: str, department: Department, *, leads: bool) -> Json:
    site = department.site if rng.random() < AT_THE_SITE_OF_THE_DEPARTMENT else str(rng.choice(list(SITES)))
    dimensions = {
        "site": site,
        "tenure": str(rng.choice(list(TENURES), p=TENURE_SHARES)),
        "job_family": "management" if leads else department.family,
    }
    language = "fr" if rng.random() < FRENCH_SPEAKERS[site] else "en"
    return {
        "source": SOURCE,
        "external_id": f"E{number:04}",
        "unit": team,
        "language": language,
        "dimensions": dimensions,
    }


def _usual_levels(document: Json, unit: str, seed: int) -> list[float]:
    """Level of each item in a unit before anyone's mood: some items please more than others, a little more here."""
    items, key = document["items"], document["key"]
    everywhere = _rng(seed, key).normal(3.5, 0.3, len(items)) + [1.0 * item.get("sensitive", False) for item in items]
    levels: list[float] = (everywhere + _rng(seed, key, unit).normal(0, 0.2, len(items))).tolist()
    return levels


def _skip_share(item: Json) -> float:
    if item["type"] == "text":
        return 0.88
    return 0.08 if item.get("sensitive") else 0.012


def _points(item: Json, level: float) -> int:
    """Answer on 1..points for a level where 1 is worst and 5 best; a reversed item is answered from the other end."""
    points = int(item["points"])
    stretched = 1 + (level - 1) * (points - 1) / (POINTS_OF_REFERENCE - 1)
    favourable = min(max(round(stretched), 1), points)
    return points + 1 - favourable if item.get("reverse") else favourable


def _options(item: Json) -> list[str]:
    return [option["id"] for option in item["options"]]


def _choice_shares(item: Json, person: Json, seed: int) -> list[float]:
    """Shares by job family: the declared ones for the place of work, otherwise any that stay the same in each wave."""
    family = person["dimensions"]["job_family"]
    if item["id"] == "work_place":
        return [WORK_PLACES[family][option] for option in _options(item)]
    shares: list[float] = _rng(seed, item["id"], family).dirichlet([3.0] * len(item["options"])).tolist()
    return shares


def _several(rng: np.random.Generator, item: Json, seed: int) -> list[str]:
    options = _options(item)
    shares = _rng(seed, item["id"]).dirichlet([3.0] * len(options))
    how_many = int(rng.integers(1, item.get("max_choices", len(options)) + 1))
    picked = set(rng.choice(options, how_many, replace=False, p=shares).tolist())
    return [option for option in options if option in picked]


def _number(rng: np.random.Generator, item: Json, person: Json) -> int:
    low, high = int(item["minimum"]), int(item["maximum"])
    if item["id"] == "years_in_organisation":
        first, last = TENURE_YEARS[person["dimensions"]["tenure"]]
        low, high = max(low, first), min(high, last)
    return int(rng.integers(low, high, endpoint=True))


def _comment(rng: np.random.Generator, language: str, mood: float) -> str:
    told = PLEASED if mood + rng.normal(0, 0.4) > 0 else STRAINED
    return str(rng.choice(told[language]))
