"""Who may manage whom."""

from hypothesis import given
from hypothesis import strategies as st

from service.people.managers import CIRCLE, ONESELF, UNKNOWN, wrong_links
from service.people.tree import in_cycles


def test_each_reason() -> None:
    known = {"a": None, "b": "a", "c": "b"}
    assert wrong_links(known, {"d": "a", "e": "d"}) == {}
    assert wrong_links(known, {"d": "d"}) == {"d": ONESELF}
    assert wrong_links(known, {"d": "z"}) == {"d": UNKNOWN}
    assert wrong_links(known, {"a": "c"}) == {"a": CIRCLE}
    assert wrong_links(known, {"b": None, "a": "b"}) == {}
    # Who is refused and was not there is nobody's manager; who was there stays as they were.
    assert wrong_links(known, {"d": "z", "e": "d"}) == {"d": UNKNOWN, "e": UNKNOWN}
    assert wrong_links(known, {"a": "z", "e": "a"}) == {"a": UNKNOWN}


PEOPLE = st.sampled_from("abcdef")


@given(st.dictionaries(PEOPLE, st.none()), st.dictionaries(PEOPLE, st.none() | st.sampled_from("abcdefz")))
def test_what_is_left_stands_together(known: dict[str, str | None], told: dict[str, str | None]) -> None:
    wrong = wrong_links(known, told)
    assert wrong.keys() <= {person for person, manager in told.items() if manager is not None}
    links = known | {person: manager for person, manager in told.items() if person not in wrong}
    assert all(manager is None or manager in links for manager in links.values())
    assert not in_cycles(links)
    # Nobody is refused without a reason: each wrong link, put back alone, would not stand.
    for person in wrong:
        again = links | {person: told[person]}
        assert told[person] not in again or in_cycles(again) or told[person] == person or told[person] in wrong


def test_a_chain_as_long_as_the_call_takes_no_longer_than_its_length() -> None:
    count = 300_000
    told: dict[int, int | None] = {who: who + 1 for who in range(count)}
    assert wrong_links({}, told) == dict.fromkeys(range(count), UNKNOWN)
    assert wrong_links({count: None}, told) == {}
