"""Which format a file is in, and reading it."""

from collections.abc import Callable, Mapping
from typing import Literal

from service.kit.workbook import OLE
from service.questionnaires.formats import lss, own, surveyjs, xlsform_read
from service.questionnaires.formats.report import Read, Unreadable

Format = Literal["json", "xlsform", "lss", "surveyjs"]
_BOM = b"\xef\xbb\xbf"
_READERS: Mapping[str, Callable[[bytes, str], Read]] = {
    "json": lambda data, _: own.read(data),
    "xlsform": xlsform_read.read,
    "lss": lss.read,
    "surveyjs": surveyjs.read,
}


def read(data: bytes, kind: Format | Literal["auto"] = "auto", language: str = "fr") -> Read:
    """The document of a file.

    Args:
        data: the file.
        kind: its format; `auto` looks.
        language: of texts for which the file names none.

    Raises:
        Unreadable: it is no questionnaire in that format, or larger than the limits.
    """
    return _READERS[told(data) if kind == "auto" else kind](data, language)


def told(data: bytes) -> Format:
    """The format that a file looks like."""
    start = data[:100].removeprefix(_BOM).lstrip()
    if start.startswith((b"PK", OLE)):
        return "xlsform"
    if start.startswith(b"<"):
        return "lss"
    if start.startswith(b"{"):
        found = own.value(data)
        ours = isinstance(found, dict) and not ("format" not in found and ("pages" in found or "elements" in found))
        return "json" if ours else "surveyjs"
    raise Unreadable("the file is neither JSON nor XML nor a workbook (.xlsx)")
