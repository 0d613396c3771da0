"""What the measures of a release are: names, options, how they are scored. A reader of the release needs nothing else.

Pure; from the questionnaire alone.
"""

from collections.abc import Mapping
from typing import Any

from service.questionnaires.document import Document, EnpsItem, Index, Item, NumberItem, RatingItem, Scale, TextItem
from service.questionnaires.elements import ENPS_MOST, Band


def described(document: Document) -> list[dict[str, Any]]:
    """Every measure, as the manifest has it: items but texts, scales, indices."""
    items = [_item(item) for item in document.items if not isinstance(item, TextItem)]
    points = {item.id: item.points for item in document.items if isinstance(item, RatingItem)}
    scales = {scale.id: _scale(scale, points[scale.items[0]]) for scale in document.scales}
    return [*items, *scales.values(), *(_index(index, scales) for index in document.indices)]


def options_of(document: Document) -> dict[str, list[str]]:
    """What a distribution is over, by measure: points, options, or bands of the score."""
    found: dict[str, list[str]] = {}
    for item in document.items:
        if isinstance(item, RatingItem):
            found[item.id] = [str(point) for point in range(1, item.points + 1)]
        elif isinstance(item, EnpsItem):
            found[item.id] = [str(point) for point in range(ENPS_MOST + 1)]
        elif options := getattr(item, "options", None):
            found[item.id] = [option.id for option in options]
    wholes: list[Scale | Index] = [*document.scales, *document.indices]
    for whole in wholes:
        if whole.bands:
            found[whole.id] = [band.id for band in whole.bands]
    return found


def _item(item: Item) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": item.id, "kind": "item", "type": item.type, "text": dict(item.text)}
    if options := getattr(item, "options", None):
        shown["options"] = [{"id": option.id, "text": dict(option.text)} for option in options]
    match item:
        case RatingItem():
            shown |= {"lowest": 1, "highest": item.points, "reverse": item.reverse}
        case EnpsItem():
            shown |= {"lowest": 0, "highest": ENPS_MOST}
        case NumberItem():
            shown |= {"lowest": item.minimum, "highest": item.maximum}
        case _:
            pass
    labels = {point: dict(texts) for point, texts in (getattr(item, "labels", None) or {}).items()}
    return shown | ({"labels": labels} if labels else {}) | ({"sensitive": True} if item.sensitive else {})


def _scale(scale: Scale, points: int) -> dict[str, Any]:
    weight = sum(scale.weights or (1,) * len(scale.items)) if scale.score == "sum" else 1
    ends = (0, 100) if scale.score == "percent" else (weight, weight * points)
    shown: dict[str, Any] = {
        "id": scale.id,
        "kind": "scale",
        "text": dict(scale.title),
        "items": list(scale.items),
        "score": scale.score or "mean",
        "lowest": ends[0],
        "highest": ends[1],
        "favourable": scale.favourable or "high",
        "rule": scale.rule or "person",
    }
    said = {"weights": scale.weights, "answered": scale.answered, "bands": _bands(scale.bands)}
    return shown | {name: value for name, value in said.items() if value is not None}


def _index(index: Index, scales: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    first = scales[index.scales[0]]
    ratio = index.combine == "ratio"
    shown: dict[str, Any] = {
        "id": index.id,
        "kind": "index",
        "text": dict(index.title),
        "scales": list(index.scales),
        "score": "ratio" if ratio else first["score"],
        "rule": index.rule or "person",
    }
    if not ratio:
        shown |= {"lowest": first["lowest"], "highest": first["highest"]}
    return shown | ({"bands": _bands(index.bands)} if index.bands else {})


def _bands(bands: tuple[Band, ...] | None) -> list[dict[str, Any]] | None:
    return [band.model_dump(mode="json", exclude_none=True) for band in bands] if bands else None
