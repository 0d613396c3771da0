"""Whose team is how large, against a plain count of people, and what is said of it."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.campaigns.promises.smallest import Smallest
from service.campaigns.taking_part.team_told import sentences
from service.campaigns.taking_part.teams import Class, Group, Team, Unit, teams_of

SMALLEST = Smallest(5, 10, 10, 10, 10, 0)
ABOVE = Group("Sud", 40)


def a_tree(parents: list[int]) -> list[Unit]:
    return [Unit(UUID(int=at + 1), UUID(int=up + 1) if at else None, f"U{at}") for at, up in enumerate(parents)]


@st.composite
def rosters(draw: st.DrawFn) -> tuple[list[Unit], list[Class]]:
    size = draw(st.integers(1, 12))
    units = a_tree([0, *(draw(st.integers(0, at - 1)) for at in range(1, size))])
    homes = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, 12)), max_size=20))
    return units, [Class(label, units[home].unit_id, n) for label, (home, n) in enumerate(homes)]


@given(rosters(), st.integers(1, 30))
def test_a_team_is_its_unit_and_the_first_larger_one_above(roster: tuple[list[Unit], list[Class]], enough: int) -> None:
    units, classes = roster
    above = {unit.unit_id: unit.parent_id for unit in units}
    names = {unit.unit_id: unit.name for unit in units}

    def chain(unit: UUID | None) -> list[UUID]:
        return [] if unit is None else [unit, *chain(above[unit])]

    def counted(unit: UUID) -> int:
        return sum(one.invited for one in classes if unit in chain(one.unit_id))

    found = teams_of(units, classes, enough)
    assert found.keys() == {one.label for one in classes}
    for one in classes:
        team = found[one.label]
        assert team.own == Group(names[one.unit_id], counted(one.unit_id))
        larger = [unit for unit in chain(one.unit_id) if counted(unit) >= enough]
        wanted = None if not larger or larger[0] == one.unit_id else Group(names[larger[0]], counted(larger[0]))
        assert team.larger == wanted


def said(team: Team, language: str) -> str:
    found = list(sentences(team, SMALLEST, language))
    assert {one.topic for one in found} == {"team"}
    return " ".join(one.text for one in found)


def test_what_a_team_of_each_size_is_told() -> None:
    assert said(Team(Group("Paie", 12), None), "en") == (
        "Your team, “Paie”, has 12 people in this survey: its results appear only if at least 5 of them answer, and "
        "how many chose which answer only if at least 10 do. Results are chosen so that no sum or difference of "
        "them describes fewer than 5 people."
    )
    assert "how many chose which answer is not shown for so few" in said(Team(Group("Paie", 7), None), "en-GB")
    assert said(Team(Group("Paie", 3), ABOVE), "en").startswith(
        "Your team, “Paie”, has 3 people in this survey: too few for results of its own. Your answers count in those "
        "of “Sud”, which has 40 people."
    )
    assert "has 1 person in this survey" in said(Team(Group("Paie", 1), None), "de")
    assert "no larger group" in said(Team(Group("Paie", 1), None), "en")


def test_it_is_said_in_french() -> None:
    told = said(Team(Group("Paie", 7), None), "fr-CA").replace("\u2019", "'").replace("\u00a0", " ")
    assert told.startswith(
        "Votre équipe, « Paie », compte 7 personnes dans cette enquête : ses résultats n'apparaissent "
    )
    assert (
        "que si au moins 5 d'entre elles répondent, et le nombre de personnes par réponse n'est pas montré pour si peu"
        in told
    )
    for team in (Team(Group("Paie", 70), None), Team(Group("Paie", 1), ABOVE), Team(Group("Paie", 1), None)):
        assert said(team, "fr").startswith("Votre équipe, «\u00a0Paie\u00a0», compte ")
