"""Conditions of other programs: what each says here, and what can not be said."""

from typing import Any

import pytest

from service.questionnaires.formats.conditions import Asked, both, condition
from service.questionnaires.formats.expressions import LIMESURVEY, SURVEYJS, XLSFORM, NotExpressible

ASKED = {
    "a": Asked("a", {"1": 1, "2": 2, "3": 3}),
    "m": Asked("m", {"x": "x", "y": "y"}, several=True),
    "s": Asked("s", {"A1": "one", "A2": "two"}),
    "n": Asked("n", {}),
    "m_x": Asked("m", {"Y": "x"}),
    "12X3X4": Asked("s", {"A1": "one"}),
    "grid.row": Asked("row", {"0": 1, "1": 2}),
}

SAID = [
    (XLSFORM, "${a} >= 2", {"item": "a", "at_least": 2}),
    (XLSFORM, "${a} > 2", {"item": "a", "at_least": 3}),
    (XLSFORM, "${a} < 1.5", {"item": "a", "at_most": 1}),
    (XLSFORM, "2 <= ${a}", {"item": "a", "at_least": 2}),
    (XLSFORM, "${a} = '3'", {"item": "a", "is": [3]}),
    (XLSFORM, "${s} = 'A1'", {"item": "s", "is": ["one"]}),
    (XLSFORM, '${ s } != "A1"', {"not": {"item": "s", "is": ["one"]}}),
    (XLSFORM, "selected(${m}, 'x')", {"item": "m", "is": ["x"]}),
    (XLSFORM, "not(selected(${m}, 'x'))", {"not": {"item": "m", "is": ["x"]}}),
    (XLSFORM, "${a} != ''", {"item": "a", "is": [1, 2, 3]}),
    (XLSFORM, "${s} = ''", {"not": {"item": "s", "is": ["one", "two"]}}),
    (
        XLSFORM,
        "${a} = 1 and (${s} = 'A1' or ${s} = 'A2') and ${a} = 2",
        {
            "all": [
                {"item": "a", "is": [1]},
                {"any": [{"item": "s", "is": ["one"]}, {"item": "s", "is": ["two"]}]},
                {"item": "a", "is": [2]},
            ]
        },
    ),
    (XLSFORM, "${a} = 1 or ${a} = 2 and ${s} = 'A1'", {
        "any": [{"item": "a", "is": [1]}, {"all": [{"item": "a", "is": [2]}, {"item": "s", "is": ["one"]}]}]
    }),
    (XLSFORM, "not(not(${a} = 1))", {"item": "a", "is": [1]}),
    (SURVEYJS, "{s} = 'A1' && {a} >= 2", {"all": [{"item": "s", "is": ["one"]}, {"item": "a", "at_least": 2}]}),
    (SURVEYJS, "{s} == 'A1' || {s} <> 'A2'", {
        "any": [{"item": "s", "is": ["one"]}, {"not": {"item": "s", "is": ["two"]}}]
    }),
    (SURVEYJS, "{m} anyof ['x', \"y\"]", {"item": "m", "is": ["x", "y"]}),
    (SURVEYJS, "{m} allof ['x', 'y']", {"all": [{"item": "m", "is": ["x"]}, {"item": "m", "is": ["y"]}]}),
    (SURVEYJS, "{m} noneof ['x']", {"not": {"item": "m", "is": ["x"]}}),
    (SURVEYJS, "{m} contains 'x'", {"item": "m", "is": ["x"]}),
    (SURVEYJS, "{m} notcontains 'x'", {"not": {"item": "m", "is": ["x"]}}),
    (SURVEYJS, "{a} notempty", {"item": "a", "is": [1, 2, 3]}),
    (SURVEYJS, "{a} empty", {"not": {"item": "a", "is": [1, 2, 3]}}),
    (SURVEYJS, "!({a} > 2)", {"not": {"item": "a", "at_least": 3}}),
    (SURVEYJS, "{grid.row} < 1", {"item": "row", "at_most": 1}),
    (LIMESURVEY, '((m_x.NAOK == "Y"))', {"item": "m", "is": ["x"]}),
    (LIMESURVEY, '(12X3X4.NAOK == "A1")', {"item": "s", "is": ["one"]}),
    (LIMESURVEY, 's ne "A2" and a.value ge 2', {
        "all": [{"not": {"item": "s", "is": ["two"]}}, {"item": "a", "at_least": 2}]
    }),
    (LIMESURVEY, "!is_empty(a.NAOK)", {"item": "a", "is": [1, 2, 3]}),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "wanted"), SAID)
def test_a_condition_says_this(dialect: Any, text: str, wanted: dict[str, Any]) -> None:
    assert condition(text, dialect, ASKED) == wanted


NOT_SAID = [
    (XLSFORM, "", "written"),
    (XLSFORM, "true()", "written"),
    (XLSFORM, "${a}", "written"),
    (XLSFORM, "${a} + 1 > 2", "written"),
    (XLSFORM, "(${a} = 1", "written"),
    (XLSFORM, "${a} = 1)", "written"),
    (XLSFORM, "${a} = 1 ${a} = 2", "written"),
    (XLSFORM, "count-selected(${m}) > 1", "written"),
    (XLSFORM, "${a} = ${s}", "another"),
    (XLSFORM, "${later} = 1", "earlier"),
    (XLSFORM, "${n} > 3", "a text, a number"),
    (XLSFORM, "${s} > 3", "not numbers"),
    (XLSFORM, "${s} = 'A9'", "not offered"),
    (XLSFORM, "${a} > 3", "not offered"),
    (XLSFORM, "${m} = 'x'", "whole set"),
    (SURVEYJS, "{s} allof ['A1', 'A2']", "several answers"),
    (SURVEYJS, "age({a}) > 3", "written"),
    (LIMESURVEY, "count(that.a.NAOK) > 1", "written"),
    (XLSFORM, " or ".join(f"${{a}} = {1 + at % 3}" for at in range(21)), "longer"),
    (XLSFORM, "(" * 30 + "${a} = 1" + ")" * 30, "deeper"),
    (XLSFORM, "${a} = 1 or (${s} = 'A1' and not(${a} = 1 or (${s} = 'A1' and not(${a} = 2))))", "deeper"),
]


@pytest.mark.parametrize(("dialect", "text", "why"), NOT_SAID)
def test_what_can_not_be_said_is_told(dialect: Any, text: str, why: str) -> None:
    with pytest.raises(NotExpressible, match=why) as caught:
        condition(text, dialect, ASKED)
    assert "A9" not in str(caught.value)


def test_conditions_that_both_hold_are_one_list() -> None:
    one, other = {"item": "a", "is": [1]}, {"all": [{"item": "b", "is": [1]}, {"item": "c", "is": [1]}]}
    assert both(one, other) == {"all": [one, *other["all"]]}
    assert both(None, one) == one
    assert both(one, None) == one
    assert both(None, None) is None
