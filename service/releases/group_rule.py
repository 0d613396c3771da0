"""Scales and indices scored by the group rule, as disclosure control is told of them. Pure."""

from service.disclosure.measures import GroupMean, Kind
from service.questionnaires.document import Document, Index, Scale


def group_means(document: Document) -> list[GroupMean]:
    """All of them, scales before the indices made of them."""
    scales = [_of_scale(scale) for scale in document.scales if scale.rule == "group"]
    units = {scale.id: scale.score for scale in document.scales}
    return scales + [_of_index(index, units[index.scales[0]]) for index in document.indices if index.rule == "group"]


def _of_scale(scale: Scale) -> GroupMean:
    weights = scale.weights or (1,) * len(scale.items)
    return GroupMean(
        id=scale.id,
        kind=Kind.scale,
        parts=scale.items,
        weights=weights,
        factor=sum(weights) if scale.score == "sum" else 1,
        negative=scale.favourable == "low",
        percent=scale.score == "percent",
    )


def _of_index(index: Index, unit: str | None) -> GroupMean:
    ratio = index.combine == "ratio"
    return GroupMean(
        id=index.id,
        kind=Kind.index,
        parts=index.scales,
        weights=(1,) * len(index.scales),
        percent=unit == "percent" and not ratio,
        ratio=ratio,
    )
