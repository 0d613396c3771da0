"""A report as PDF: tagged, with its fonts in it, after PDF/UA-1 and PDF/A-2a; made by Typst from the parts of a report.

The organisation's texts reach Typst as data and are never read as its markup. Names in a script that our fonts lack
(they have Latin, Greek, Cyrillic and Hebrew) would be no valid PDF/UA: then the fonts of the machine stand in, and the
file is tagged as before but claims no standard.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from service.releases.report.blocks import Block, Entry, Facts, Grid, Heading, Paragraph, Picture, Points, Report
from service.releases.report.charts.svg import Look, clean

LOOK = Look(font="Libertinus Serif", char=0.5)
"""Of the drawings in it: the fonts that come with Typst."""
_STANDARDS: Any = ["ua-1", "a-2a"]
_LAYOUT = Path(__file__).with_name("report.typ")


def pdf(report: Report, made_at: datetime) -> bytes:
    """The file; the same for the same report, whenever it is made."""
    data = json.dumps(_said(report), ensure_ascii=False)
    try:
        return _compiled(data, made_at, ours=True)
    except typst.TypstError:
        return _compiled(data, made_at, ours=False)


def _compiled(data: str, made_at: datetime, *, ours: bool) -> bytes:
    return typst.compile(
        _LAYOUT.read_bytes(),
        format="pdf",
        font_paths=_fonts(ours=ours),
        sys_inputs={"data": data},
        pdf_standards=_STANDARDS if ours else [],
        timestamp=int(made_at.timestamp()),
    )


@cache
def _fonts(*, ours: bool) -> Any:
    """Those that come with Typst; else those of the machine beside them."""
    return typst.Fonts(include_system_fonts=not ours)


def _said(report: Report) -> dict[str, Any]:
    return {
        "language": report.language,
        "title": clean(report.title),
        "subtitle": [clean(part) for part in report.subtitle],
        "page": report.page,
        "blocks": [_block(block) for block in report.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading():
            text, language = clean(block.text.text), _base(block.text.language)
            new_page = block.on_new_page
            return {"is": "heading", "level": block.level - 1, "text": text, "language": language, "new_page": new_page}
        case Paragraph():
            return {"is": "paragraph", "text": clean(block.text), "note": block.is_note}
        case Points():
            return {"is": "points", "texts": [clean(text) for text in block.texts], "in_order": block.in_order}
        case Picture():
            alt = f"{clean(block.title)}. {clean(block.description)}"
            return {"is": "picture", "svg": block.svg, "alt": alt}
        case Grid():
            return {
                "is": "grid",
                "caption": clean(block.caption),
                "head": [_entry(entry) for entry in block.head],
                "rows": [[_entry(entry) for entry in row] for row in block.rows],
            }
        case Facts():
            return {"is": "facts", "pairs": [[clean(name), clean(value)] for name, value in block.pairs]}


def _entry(entry: Entry) -> dict[str, Any]:
    language = _base(entry.language)
    return {"text": clean(entry.text), "language": language, "withheld": entry.is_withheld, "span": entry.span}


def _base(language: str | None) -> str | None:
    """A tag's language: Typst knows no more of it."""
    return None if language is None else language.partition("-")[0]
