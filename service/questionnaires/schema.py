"""The JSON Schema (2020-12) of a questionnaire document, for editors and other languages.

It says what can be said of each element alone. What binds elements together (a scale's items exist, every language has
its text) is for `Document.parse`.
"""

import json
from typing import Any

from service.questionnaires.document import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:pouls:questionnaire:1"


def schema() -> dict[str, Any]:
    """The schema, with an example."""
    found = _closed(Document.model_json_schema(by_alias=True))
    said = {
        "$schema": DIALECT,
        "$id": ID,
        "title": "Questionnaire document pouls/1",
        "description": "Items in sections, in several languages, with branching, scales and indices. "
        "An absent field and null say the same.",
        "examples": [EXAMPLE],
    }
    return said | {name: part for name, part in found.items() if name not in {"title", "description"}}


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def _closed(part: Any) -> Any:
    """Texts say something, and objects whose keys have a form have no other keys."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {name: _closed(one) for name, one in part.items()}
    if "patternProperties" in found:  # by language
        texts = {name: one | {"pattern": r"\S"} for name, one in found["patternProperties"].items()}
        found |= {"patternProperties": texts, "additionalProperties": False}
    return found


def _both(french: str, english: str) -> dict[str, str]:
    return {"fr": french, "en": english}


EXAMPLE: dict[str, Any] = {
    "format": "pouls/1",
    "key": "week_in_short",
    "languages": ["fr", "en"],
    "title": _both("La semaine en bref", "The week in short"),
    "introduction": _both("Deux minutes, aucune question obligatoire.", "Two minutes; you may skip any question."),
    "support": [
        {
            "name": _both("Médecin du travail", "Occupational doctor"),
            "detail": _both("Coordonnées sur votre intranet.", "For contact details, see your intranet."),
        }
    ],
    "sections": [
        {
            "id": "week",
            "title": _both("Cette semaine", "This week"),
            "text": _both("À quel point est-ce vrai\u00a0?", "How true is it?"),
            "items": ["pace_was_kept", "help_was_there", "goals_were_clear"],
            "layout": "matrix",
        },
        {"id": "place", "items": ["work_place", "commute"]},
    ],
    "items": [
        {
            "id": name,
            "type": "rating",
            "text": _both(french, english),
            "points": 5,
            "labels": {"1": _both("Pas du tout", "Not at all"), "5": _both("Tout à fait", "Completely")},
        }
        for name, french, english in (
            ("pace_was_kept", "J\u2019ai pu garder mon rythme.", "I could keep my pace."),
            ("help_was_there", "J\u2019ai eu de l\u2019aide quand il en fallait.", "I had help when it was needed."),
            ("goals_were_clear", "Mes objectifs étaient clairs.", "My goals were clear."),
        )
    ]
    + [
        {
            "id": "work_place",
            "type": "single_choice",
            "text": _both("Où avez-vous surtout travaillé\u00a0?", "Where did you mostly work?"),
            "options": [
                {"id": "office", "text": _both("Sur site", "On site")},
                {"id": "home", "text": _both("À domicile", "At home")},
            ],
        },
        {
            "id": "commute",
            "type": "number",
            "text": _both("Combien de minutes dure votre trajet\u00a0?", "How many minutes does your commute take?"),
            "minimum": 0,
            "maximum": 240,
            "visible_if": {"item": "work_place", "is": ["office"]},
        },
    ],
    "scales": [
        {
            "id": "week_score",
            "title": _both("La semaine", "The week"),
            "items": ["pace_was_kept", "help_was_there", "goals_were_clear"],
            "score": "percent",
            "bands": [
                {"id": "low", "title": _both("À soutenir", "Needs support")},
                {"id": "high", "title": _both("Bonne semaine", "A good week"), "at_least": 60},
            ],
        }
    ],
}
