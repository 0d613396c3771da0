"""The report in its order: drawings with their tables, how to read them, what was promised, and the proof. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import TypeVar

from service.releases.report.blocks import (
    Block,
    Entry,
    Facts,
    Grid,
    Heading,
    Paragraph,
    Picture,
    Points,
    Report,
)
from service.releases.report.charts.svg import Look
from service.releases.report.content import Content, Measure, Told
from service.releases.report.drawn import Drawn, Pen
from service.releases.report.grids import Grids, entry
from service.releases.report.tongue import Phrase, Tongue

MEASURES_ABREAST, UNITS_A_PICTURE = 6, 40
"""Of a heat map: what fits on a page in portrait."""
FEWEST_WAVES = 2
One = TypeVar("One")


def composed(content: Content, tongue: Tongue, look: Look) -> Report:
    """The whole report."""
    found = _Composed(content, tongue, look)
    return Report(
        language=tongue.code,
        title=content.campaign,
        subtitle=subtitle(content, tongue),
        skip=tongue.words.skip,
        page=tongue.words.page,
        blocks=list(found.blocks()),
    )


def subtitle(content: Content, tongue: Tongue) -> list[str]:
    """Which wave, which unit, which results, and of when."""
    words = tongue.words
    said = [words.wave.format(number=content.wave_number), unit_name(content, tongue)]
    if content.interim is not None:
        said.append(words.interim.format(number=content.interim))
    return [*said, words.results_of.format(moment=tongue.moment(content.released_at))]


def unit_name(content: Content, tongue: Tongue) -> str:
    """The unit's; of everybody above several tops, a word for that."""
    return content.place.name if content.place.unit is not None else tongue.words.everybody


def wholes(told: Sequence[Told]) -> list[Told]:
    """Scales and indices."""
    return [one for one in told if not one.measure.is_item]


def compared(content: Content) -> list[Measure]:
    """What units and waves are compared by: scales and indices, or items where there are none."""
    found = wholes(content.told) or list(content.told)
    return [one.measure for one in found if one.mean is not None]


class _Composed:
    def __init__(self, content: Content, tongue: Tongue, look: Look) -> None:
        self._content = content
        self._tongue = tongue
        self._words = tongue.words
        self._pen = Pen(tongue, look)
        self._grids = Grids(tongue)
        self._unit = unit_name(content, tongue)
        self._drawings = 0

    def blocks(self) -> Iterator[Block]:
        yield from self._who_answered()
        yield from self._scales()
        yield from self._items()
        yield from self._below()
        yield from self._trends()
        yield from self._statistics()
        yield Heading(2, Phrase(self._words.reading), "reading")
        yield Points(self._words.reading_notes)
        yield from self._promised()
        yield from self._certificate()

    def _who_answered(self) -> Iterator[Block]:
        """How many, as the cells have it: nothing is added up."""
        words = self._words
        yield Heading(2, Phrase(words.answered), "answered")
        cells = [cell for one in self._content.told for cell in (one.mean, one.shares) if cell is not None]
        people = [cell.n for cell in cells if cell.n is not None]
        if not people:
            yield Paragraph(words.answered_protected)
            return
        low, high = min(first for first, _ in people), max(last for _, last in people)
        told = words.answered_about if len(set(people)) == 1 else words.answered_between
        if low == high:
            told = words.answered_exactly
        shown = self._tongue.number(low), self._tongue.number(high)
        yield Paragraph(told.format(n=shown[0], low=shown[0], high=shown[1]))
        if low != high:
            yield Paragraph(words.answered_note, is_note=True)

    def _scales(self) -> Iterator[Block]:
        words, told = self._words, wholes(self._content.told)
        if not told:
            return
        yield Heading(2, Phrase(words.scales), "scales")
        if any(one.mean is not None for one in told):
            title = words.chart_of["means"].format(unit=self._unit)
            yield Heading(3, Phrase(words.scores))
            yield Paragraph(words.scores_note, is_note=True)
            yield _picture(self._pen.means(title, told, self._ident()))
            yield self._grids.scores(title, told)
        if any(one.shares is not None for one in told):
            title = words.chart_of["favourable"].format(unit=self._unit)
            yield Heading(3, Phrase(words.shares))
            yield Paragraph(words.shares_note, is_note=True)
            yield _picture(self._pen.favourable(title, told, self._ident()))
            yield self._grids.favourable(title, told)
        for one in told:
            if one.measure.options and one.shares is not None:
                title = words.levels.format(name=one.measure.name(self._tongue).text)
                yield Heading(3, Phrase(title))
                yield _picture(self._pen.distribution(title, one, self._ident()))
                yield self._grids.bands(title, one)

    def _items(self) -> Iterator[Block]:
        items = [one for one in self._content.told if one.measure.is_item]
        if not items:
            return
        yield Heading(2, Phrase(self._words.questions), "questions")
        for one in items:
            yield from self._item(one)

    def _item(self, told: Told) -> Iterator[Block]:
        name = told.measure.name(self._tongue)
        title = self._words.chart_of["distribution"].format(name=name.text)
        yield Heading(3, name)
        if told.measure.is_turned:
            yield Paragraph(self._words.turned, is_note=True)
        if told.shares is not None:
            yield _picture(self._pen.distribution(title, told, self._ident()))
            yield from _present(self._grids.distribution(title, told))
        elif told.mean is not None:
            yield _picture(self._pen.means(name.text, [told], self._ident()))
        yield from _present(self._grids.item_mean(name.text, told))

    def _below(self) -> Iterator[Block]:
        words, content, measures = self._words, self._content, compared(self._content)
        if not content.below or not measures:
            return
        yield Heading(2, Phrase(words.below), "below")
        yield Paragraph(words.below_note, is_note=True)
        whole = words.chart_of["heatmap"].format(unit=self._unit)
        parts = _parts(measures, MEASURES_ABREAST)
        for number, abreast in enumerate(parts, 1):
            title = whole if len(parts) == 1 else words.part.format(name=whole, number=number, all=len(parts))
            for units in _parts(content.below, UNITS_A_PICTURE):
                yield _picture(self._pen.heat(title, abreast, units, self._ident()))
            yield self._grids.below(title, abreast, content.below)
        if content.below_count > len(content.below):
            shown, every = self._tongue.number(len(content.below)), self._tongue.number(content.below_count)
            yield Paragraph(words.below_cut.format(shown=shown, all=every))

    def _trends(self) -> Iterator[Block]:
        words, content = self._words, self._content
        told = [one for one in compared(content) if len(content.trends.get(one.id, ())) >= FEWEST_WAVES]
        if not told:
            return
        yield Heading(2, Phrase(words.trend), "trend")
        yield Paragraph(words.trend_note, is_note=True)
        for measure in told:
            waves, name = content.trends[measure.id], measure.name(self._tongue)
            title = words.chart_of["trend"].format(name=name.text)
            yield Heading(3, name)
            drawn = self._pen.trend(title, measure, waves, self._ident())
            if drawn is not None:
                yield _picture(drawn)
            yield self._grids.trend(title, waves)

    def _statistics(self) -> Iterator[Block]:
        words, told = self._words, self._content.statistics
        if told is None or not (told.scales or told.units or told.drivers):
            return
        names = {one.measure.id: entry(one.measure.name(self._tongue)) for one in self._content.told}
        yield Heading(2, Phrase(words.everybody_together), "statistics")
        yield Paragraph(words.statistics_note, is_note=True)
        if told.scales:
            yield self._grids.reliability(words.reliability, told, names)
        if told.units:
            yield self._grids.unit_share(words.unit_share, told, names)
        if told.drivers is not None:
            outcome = (names.get(told.drivers.outcome) or Entry(told.drivers.outcome)).text
            yield self._grids.drivers(words.drivers.format(outcome=outcome), told, names)
            yield Paragraph(words.drivers_note, is_note=True)

    def _promised(self) -> Iterator[Block]:
        words, promise = self._words, self._content.promise
        if promise is None:
            return
        yield Heading(2, Phrase(words.promised), "promised", on_new_page=True)
        yield Paragraph(words.promised_note, is_note=True)
        by_heading: dict[str, list[str]] = {}
        for sentence in promise.sentences:
            by_heading.setdefault(words.promised_topics[sentence.topic], []).append(sentence.text)
        for heading, texts in by_heading.items():
            yield Heading(3, Phrase(heading))
            yield Points(texts)

    def _certificate(self) -> Iterator[Block]:
        words, content = self._words, self._content
        certificate = content.certificate
        yield Heading(2, Phrase(words.certificate), "certificate")
        digests = {"release": str(content.release_id), "release_digest": content.digest}
        if content.promise is not None:
            digests["contract_digest"] = content.promise.digest
        if certificate.said is None:
            yield Paragraph(words.certificate_broken if certificate.is_broken else words.certificate_none)
            yield Facts(_named(words.facts, digests))
            return
        verdict = str(certificate.said["auditor"]["verdict"])
        proved = {"signature": certificate.signature, "public_key": certificate.public_key}
        yield Paragraph(words.certificate_note)
        yield Paragraph(words.verdict.format(verdict=words.verdicts.get(verdict, verdict)))
        yield Facts(_named(words.facts, digests | proved))
        address = f"/v1/releases/{content.release_id}/certificate"
        yield Points([text.format(address=address) for text in words.certificate_how], in_order=True)

    def _ident(self) -> str:
        self._drawings += 1
        return f"d{self._drawings}"


def _picture(drawn: Drawn) -> Picture:
    return Picture(drawn.svg, drawn.title, drawn.description)


def _present(grid: Grid | None) -> Iterator[Grid]:
    if grid is not None:
        yield grid


def _named(names: Mapping[str, str], values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(names[name], value) for name, value in values.items()]


def _parts(things: Sequence[One], size: int) -> list[Sequence[One]]:
    """Parts of about the same length, none longer than this."""
    length = ceil(len(things) / ceil(len(things) / size))
    return [things[start : start + length] for start in range(0, len(things), length)]
