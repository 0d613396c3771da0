"""What the measures of a release are: names, options, how they are scored. A reader of the release needs nothing else.

Pure; from the questionnaire alone.
"""

from collections.abc import Mapping
from typing import Any

from service.questionnaires.document import Document, EnpsItem, Index, Item, RatingItem, Scale, TextItem
from service.questionnaires.elements import ENPS_MOST, Band


def described(document: Document) -> list[dict[str, Any]]:
    """Every measure, as the manifest has it: items but texts, scales, indices."""
    items = [_item(item) for item in document.items if not isinstance(item, TextItem)]
    scales = [_scale(scale) for scale in document.scales]
    return items + scales + [_index(index, document) for index in document.indices]


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
    return shown


def _scale(scale: Scale) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": scale.id, "kind": "scale", "text": dict(scale.title), "items": list(scale.items)}
    said = {
        "score": scale.score,
        "weights": scale.weights and list(scale.weights),
        "favourable": scale.favourable,
        "rule": scale.rule,
        "answered": scale.answered,
        "bands": _bands(scale.bands),
    }
    return shown | _present(said)


def _index(index: Index, document: Document) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": index.id, "kind": "index", "text": dict(index.title), "scales": list(index.scales)}
    scores = {scale.id: scale.score for scale in document.scales}
    score = None if index.combine == "ratio" else scores[index.scales[0]]
    said = {"score": score, "combine": index.combine, "rule": index.rule, "bands": _bands(index.bands)}
    return shown | _present(said)


def _present(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the questionnaire does not say, so that it is told of those measures alone that have it."""
    return {name: value for name, value in said.items() if value is not None}


def _bands(bands: tuple[Band, ...] | None) -> list[dict[str, Any]] | None:
    return [band.model_dump(mode="json", exclude_none=True) for band in bands] if bands else None
