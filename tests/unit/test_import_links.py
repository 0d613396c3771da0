"""Managers of a file: what can stand, beside an oracle, and in a time that grows with the file alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.people.imports.links import wrong_links
from service.people.managers import UNKNOWN
from service.people.managers import wrong_links as oracle

WHO = st.integers(0, 7)
LINKS = st.dictionaries(WHO, st.none() | st.integers(0, 9), max_size=8)


@settings(max_examples=500, deadline=None)
@given(known=LINKS, told=LINKS)
def test_what_stands_can_stand_together(known: dict[int, int | None], told: dict[int, int | None]) -> None:
    known = {who: by if by in known and by != who else None for who, by in known.items()}
    wrong = wrong_links(known, told)
    left = {who: by for who, by in told.items() if who not in wrong}
    assert all(told[who] is not None for who in wrong)
    links = known | left
    assert all(by is None or by in links for by in left.values())
    assert oracle(known, left) == {}
    # Nobody is refused who could stand with all the others that do.
    assert set(wrong) == set(oracle(known, told)) or len(wrong) <= len(oracle(known, told))


def test_a_chain_as_long_as_the_file_takes_no_longer_than_its_length() -> None:
    count = 300_000
    told: dict[int, int | None] = {who: who + 1 for who in range(count)}
    assert wrong_links({}, told) == dict.fromkeys(range(count), UNKNOWN)
    assert wrong_links({count: None}, told) == {}
