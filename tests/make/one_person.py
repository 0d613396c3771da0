"""What the service makes of one person's answers: through its sheet, its records and its scoring."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from service.questionnaires.document import Document
from service.questionnaires.scoring import IndexScoring, ScaleScoring, Scores, rated
from service.responses.sheet import Sheet

TEXT = {"en": "x"}


class Told(NamedTuple):
    """A score in its own unit, the id of its band where there are bands, and the share of favourable answers."""

    score: Fraction
    band: str | None
    favourable: Fraction | None


def a_document(items: list[dict[str, Any]], **fields: Any) -> Document:
    """A document in one language; an item without a type is a rating of five points, and everything has a text."""
    rating = {"type": "rating", "points": 5}
    for field in ("scales", "indices"):
        fields[field] = [{"title": TEXT} | one for one in fields.get(field, [])]
        for one in fields[field]:
            if "bands" in one:
                one["bands"] = [{"title": TEXT} | band for band in one["bands"]]
    return Document.parse(
        {
            "format": "pouls/1",
            "key": "k",
            "languages": ["en"],
            "title": TEXT,
            "items": [{"text": TEXT} | (item if "type" in item else rating | item) for item in items],
        }
        | fields
    )


def told_of(document: Document, answers: Mapping[str, object]) -> dict[str, Told | None]:
    """Every scale and index that scores persons; None where this one has no score."""
    sheet = Sheet.of(document)
    _, matrix = sheet.decode(sheet.encode(0, answers))
    scorings = rated(document, {column.item_id: at for at, column in enumerate(sheet.columns)})
    scores = scorings.scores(matrix.T)
    return {
        name: _told(scoring, scores) for found in (scorings.scales, scorings.indices) for name, scoring in found.items()
    }


def _told(scoring: ScaleScoring | IndexScoring, all_scores: Mapping[str, Scores]) -> Told | None:
    scores = all_scores[scoring.id]
    if scores.scored is not None and not scores.scored[0]:
        return None
    mean = Fraction(int(scores.score[0]), scoring.denominator)
    share = None if scores.favourable is None else Fraction(int(scores.favourable[0]), scoring.denominator)
    band = None
    if scoring.cuts is not None:
        if isinstance(scoring, IndexScoring):
            found = scoring.band(scores, [all_scores[part] for part in scoring.parts])
        else:
            found = scoring.band(scores)
        band = scoring.cuts.bands[int(found[0])]
    return Told(scoring.shown(mean), band, share)
