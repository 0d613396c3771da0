"""The second opinion on comments, one wrong publication at a time."""

from collections.abc import Callable
from uuid import UUID

import pytest

from service.releases.comments_checked import FEWEST, Place, agrees

TOP, TEAM, SMALL, LARGE = (UUID(int=number) for number in range(1, 5))
ABOVE: dict[UUID, Place] = {TOP: None, TEAM: TOP, SMALL: TOP, LARGE: TEAM}
# Twelve in the team, three in the small one, eleven at the top itself, twenty in the large one below the team.
HOMES = {1: TEAM, 2: SMALL, 3: TOP, 4: LARGE}
SIZES = {1: 12, 2: 3, 3: 11, 4: 20}
SHOWN_AT: dict[int, Place] = {1: TEAM, 2: TOP, 3: TOP, 4: LARGE}
ITEM, OTHER, WITHHELD = "comment", "wish", "private"

Text = tuple[int, str, str]
Row = tuple[str, Place, str]


class Case:
    """What the second opinion is given; every item has the same authors, who write what nobody else does."""

    def __init__(self) -> None:
        self.above = dict(ABOVE)
        self.homes = dict(HOMES)
        self.texts: list[Text] = [
            (label, item, f"{item} of {label} and {chr(97 + number)}")
            for item in (ITEM, OTHER, WITHHELD)
            for label, size in SIZES.items()
            for number in range(size)
        ]
        self.written = [(label, item) for label, item, _ in self.texts]
        self.shown: list[Row] = [(item, SHOWN_AT[label], text) for label, item, text in self.texts if item != WITHHELD]
        self.fewest = {ITEM: FEWEST, OTHER: FEWEST, WITHHELD: FEWEST}

    def agrees(self) -> bool:
        return agrees(self.above, self.homes, self.written, self.texts, self.shown, self.fewest)

    def at(self, place: Place, item: str = ITEM) -> list[Row]:
        return [row for row in self.shown if row[:2] == (item, place)]

    def move(self, rows: list[Row], to: Place) -> None:
        for row in rows:
            self.shown.remove(row)
            self.shown.append((row[0], to, row[2]))

    def rewrite(self, old: str, new: str) -> None:
        self.texts = [(label, item, new if text == old else text) for label, item, text in self.texts]
        self.shown = [(item, place, new if text == old else text) for item, place, text in self.shown]


def _moved(case: Case) -> None:
    case.move(case.at(LARGE)[:1], TEAM)


def _moved_down(case: Case) -> None:
    case.move(case.at(TOP)[:1], TEAM)


def _exchanged(case: Case) -> None:
    one, two = case.at(LARGE)[0], case.at(TEAM)[0]
    case.move([one], TEAM)
    case.move([two], LARGE)


def _too_few(case: Case) -> None:
    case.move([row for row in case.at(TOP) if " of 2 " in row[2]], SMALL)


def _too_few_for_a_stricter_item(case: Case) -> None:
    case.fewest[OTHER] = 13


def _under_the_floor(case: Case) -> None:
    case.fewest[ITEM] = FEWEST - 1


def _one_of_the_small_rest_gone(case: Case) -> None:
    case.shown.remove(case.at(TOP)[0])


def _the_whole_rest_gone(case: Case) -> None:
    for row in case.at(TOP):
        case.shown.remove(row)


def _a_part_gone(case: Case) -> None:
    for row in case.at(LARGE):
        case.shown.remove(row)


def _above_as_well(case: Case) -> None:
    case.shown += [(ITEM, TEAM, text) for _, _, text in case.at(LARGE)]


def _twice(case: Case) -> None:
    case.shown.append(case.at(TEAM)[0])


def _one_author_for_two(case: Case) -> None:
    """The label has twelve texts that were opened: a thirteenth is one of them counted again."""
    case.texts.append(next(text for text in case.texts if text[0] == 1))
    case.shown.append((ITEM, TEAM, case.texts[-1][2]))


def _nobody_wrote_it(case: Case) -> None:
    case.shown.append((ITEM, TEAM, "made up"))


def _another_word(case: Case) -> None:
    row = case.at(TEAM)[0]
    case.shown.remove(row)
    case.shown.append((ITEM, TEAM, f"{row[2]}!"))


def _text_of_another_item(case: Case) -> None:
    row, other = case.at(TEAM)[0], case.at(TEAM, OTHER)[0]
    case.shown.remove(row)
    case.shown.append((ITEM, TEAM, other[2]))


def _an_item_that_is_withheld(case: Case) -> None:
    case.shown.append((WITHHELD, TEAM, next(text for _, item, text in case.texts if item == WITHHELD)))


def _an_item_that_is_never_shown(case: Case) -> None:
    del case.fewest[OTHER]


def _not_cleaned(case: Case) -> None:
    row = case.at(TEAM)[0]
    case.shown.remove(row)
    case.shown.append((ITEM, TEAM, f"{row[2]} p.dupont@example.org"))


def _cleaned_nowhere_of_an_address(case: Case) -> None:
    case.rewrite(case.at(TEAM)[0][2], "ask p.dupont@example.org")


def _cleaned_nowhere_of_a_number(case: Case) -> None:
    case.rewrite(case.at(TEAM)[0][2], "call 06 12 34 56 78")


def _texts_that_nobody_sees(case: Case) -> None:
    """Three of twelve: an empty line, letters without a shape, a mark that stands on nothing."""
    for blank, row in zip((" \u00a0", "\u3164\u115f\u2800", "\u0301\ufe0f"), case.at(TEAM), strict=False):
        case.rewrite(row[2], blank)


def _a_unit_that_is_not_there(case: Case) -> None:
    case.move(case.at(LARGE), UUID(int=9))


def _people_of_no_unit(case: Case) -> None:
    case.homes[3] = UUID(int=9)


def _people_of_no_unit_left_out(case: Case) -> None:
    """What is left at the top is still enough once those who are counted nowhere have none of their comments shown."""
    case.homes[5] = UUID(int=9)
    case.texts += [(5, ITEM, "left out")]
    case.written += [(5, ITEM)]


def _a_label_of_nobody(case: Case) -> None:
    del case.homes[4]


def _units_in_a_circle(case: Case) -> None:
    case.above[TEAM] = LARGE


def _a_unit_below_nothing(case: Case) -> None:
    case.above[UUID(int=9)] = UUID(int=10)


WRONG: list[Callable[[Case], None]] = [
    _moved,
    _moved_down,
    _exchanged,
    _too_few,
    _too_few_for_a_stricter_item,
    _under_the_floor,
    _one_of_the_small_rest_gone,
    _the_whole_rest_gone,
    _a_part_gone,
    _above_as_well,
    _twice,
    _one_author_for_two,
    _nobody_wrote_it,
    _another_word,
    _text_of_another_item,
    _an_item_that_is_withheld,
    _an_item_that_is_never_shown,
    _not_cleaned,
    _cleaned_nowhere_of_an_address,
    _cleaned_nowhere_of_a_number,
    _texts_that_nobody_sees,
    _a_unit_that_is_not_there,
    _people_of_no_unit,
    _people_of_no_unit_left_out,
    _a_label_of_nobody,
    _units_in_a_circle,
    _a_unit_below_nothing,
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_not_agreed_with(wrong: Callable[[Case], None]) -> None:
    case = Case()
    assert case.agrees()
    wrong(case)
    assert not case.agrees()


def test_what_is_right_is_agreed_with_in_other_partitions_too() -> None:
    """Everything at the top, nothing at all, and one text among twelve that nobody sees: eleven are enough."""
    case = Case()
    case.move(case.at(LARGE) + case.at(TEAM), TOP)
    assert case.agrees()
    case.rewrite(case.at(TEAM, OTHER)[0][2], "\u3164")
    assert case.agrees()
    case.shown = []
    assert case.agrees()


def test_several_tops_have_a_place_above_them_that_is_no_unit() -> None:
    case = Case()
    case.above = {TOP: None, TEAM: None, SMALL: None, LARGE: TEAM}
    assert not case.agrees()
    case.move(case.at(TOP), None)
    case.move(case.at(TOP, OTHER), None)
    assert case.agrees()


def test_who_wrote_but_left_nothing_once_cleaned_is_missed_by_nobody() -> None:
    case = Case()
    case.written += [(1, ITEM), (2, OTHER)]
    assert case.agrees()
