"""One object of a SurveyJS survey: what is taken from it is carried over, what is left in the end is reported."""

from collections.abc import Mapping
from typing import Any

from service.questionnaires.formats.report import BY_HAND, Report, shown

_LOOKS = frozenset(
    {"logoPosition", "showProgressBar", "progressBarType", "showQuestionNumbers", "questionsOnPageMode", "widthMode"}
    | {"showNavigationButtons", "goNextPageAutomatic", "focusFirstQuestionAutomatic", "showTitle", "width", "minWidth"}
    | {"maxWidth", "startWithNewLine", "titleLocation", "descriptionLocation", "questionTitleLocation", "state"}
    | {"colCount", "renderAs", "autoGrow", "allowResize", "hideNumber", "innerIndent", "indent", "headerView"}
    | {"displayMode", "rateType", "rateColorMode", "scaleColorMode", "alternateRows", "showHeader", "size"}
)
"""Settings of how it looks: told of in one line, for the whole survey."""
_NOTHING: tuple[object, ...] = (None, False, "", [], {})


class Element:
    """The object, and the tags of its texts by their names."""

    def __init__(self, given: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        self._left = dict(given)
        self._tags = tags

    def take(self, name: str) -> Any:
        return self._left.pop(name, None)

    def name(self, otherwise: str) -> str:
        found = self.take("name")
        return found.strip() if isinstance(found, str) and found.strip() else otherwise

    def kind(self) -> str:
        found = self.take("type")
        return found if isinstance(found, str) else ""

    def words(self, name: str) -> dict[str, str]:
        """A text by language: given alone, or by language."""
        return self.spoken(self.take(name))

    def spoken(self, value: object) -> dict[str, str]:
        if isinstance(value, dict):
            found: dict[str, str] = {}
            for language, text in value.items():
                if isinstance(text, str) and language in self._tags:
                    found.setdefault(self._tags[language], text)
            return found
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return {self._tags["default"]: str(value)}
        return {}

    def whole(self, name: str) -> int | None:
        """A whole number; None for what is none."""
        found = self.take(name)
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        return found if type(found) is int and abs(found) < 10**9 else None

    def drop(self) -> None:
        """All that is left belongs to what is reported as lost."""
        self._left.clear()

    def tell_rest(self, report: Report, place: str, looks: set[str]) -> None:
        """Report what nobody has taken; how it looks is only noted."""
        for name, value in self._left.items():
            if name in _LOOKS:
                looks.add(name)
            elif value not in _NOTHING:
                report.lost(place, f"its setting {shown(name)[:40]} is not kept: {BY_HAND}")


def listed(value: object) -> list[dict[str, Any]]:
    """The objects of a list; nothing of what is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
