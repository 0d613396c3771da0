"""A report as one HTML page, complete in itself: no script, nothing loaded, everything of the organisation's escaped.

Pure.
"""

from collections.abc import Iterator
from html import escape

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
from service.releases.report.charts.svg import clean
from service.releases.report.style import STYLE


def page(report: Report) -> bytes:
    """The page."""
    said = "".join(f"<li><bdi>{_text(part)}</bdi></li>" for part in report.subtitle)
    title = _text(f"{report.title} – {report.subtitle[0]}, {report.subtitle[1]}")  # noqa: RUF001 - as it is printed
    body = "\n".join(_sections(report))
    return (
        f'<!DOCTYPE html>\n<html lang="{report.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">{_text(report.skip)}</a>\n'
        f'<header><h1><bdi>{_text(report.title)}</bdi></h1><ul class="subtitle">{said}</ul></header>\n'
        f'<main id="content">\n{body}\n</main>\n</body>\n</html>\n'
    ).encode()


def _text(text: str) -> str:
    return escape(clean(text))


def _sections(report: Report) -> Iterator[str]:
    """A section for each heading of the second level."""
    is_open = False
    for block in report.blocks:
        if isinstance(block, Heading) and block.level == 2:  # noqa: PLR2004 - below the page's own title
            new_page = ' class="new-page"' if block.on_new_page else ""
            label = f' aria-labelledby="{block.ident}"' if block.ident else ""
            yield f"{'</section>' if is_open else ''}<section{new_page}{label}>"
            is_open = True
        yield _block(block)
    if is_open:
        yield "</section>"


def _block(block: Block) -> str:
    match block:
        case Heading():
            ident = f' id="{block.ident}"' if block.ident else ""
            return f"<h{block.level}{ident}{_language(block.text.language)}>{_text(block.text.text)}</h{block.level}>"
        case Paragraph():
            note = ' class="note"' if block.is_note else ""
            return f"<p{note}>{_text(block.text)}</p>"
        case Points():
            name = "ol" if block.in_order else "ul"
            return f"<{name}>{''.join(f'<li>{_text(text)}</li>' for text in block.texts)}</{name}>"
        case Picture():
            return f'<div class="picture">{block.svg}</div>'
        case Grid():
            return _grid(block)
        case Facts():
            pairs = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in block.pairs)
            return f"<dl>{pairs}</dl>"


def _grid(grid: Grid) -> str:
    """In a group that scrolls where it is too wide, by keyboard too; no landmark, for there are many."""
    head = "".join(f'<th scope="col"{_language(one.language)}>{_text(one.text)}</th>' for one in grid.head)
    rows = []
    for row in grid.rows:
        first, *rest = row
        name = f'<th scope="row"{_language(first.language)}><bdi>{_text(first.text)}</bdi></th>'
        rows.append(f"<tr>{name}{''.join(map(_field, rest))}</tr>")
    caption = _text(grid.caption)
    return (
        f'<div class="scrolls" role="group" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _field(entry: Entry) -> str:
    kind = ' class="withheld"' if entry.is_withheld else ""
    span = f' colspan="{entry.span}"' if entry.span > 1 else ""
    # The word on a plain ground of its own, so that it is read over the hatching.
    text = f"<span>{_text(entry.text)}</span>" if entry.is_withheld else _text(entry.text)
    return f"<td{kind}{span}{_language(entry.language)}>{text}</td>"


def _language(language: str | None) -> str:
    return "" if language is None else f' lang="{escape(language)}"'
