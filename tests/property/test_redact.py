"""Cleaning is done once, leaves no address and no long number, and leaves alone what holds nothing of the kind."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from service.releases.redact import MARK, Names, cleaned

NAMES = ["Paul Dupont", "Jean-Pierre de La Tour", "Rose Petit", "Zoë Müller", "Anne Le Goff", "Conor O'Brien", "Li Na"]
ROSTER = Names.of(NAMES)
# What a comment is made of where cleaning goes wrong: names, words, pieces of addresses and numbers, and the gaps.
_NAMED = (
    "Paul paul Dupont dupont DUPONT Jean Pierre de La Tour tour Rose rose Petit petit Zoë zoe Müller le Goff O Li na"
)
_SAID = "M Mme Dr monsieur at dot point arobase com fr mars avec et Un J D u p o n t 1 12 06 2026 123 a1 FR76 3000"
_SIGNS = "@ . .. , ; : ! ? … - ' ( ) [ ] < > / // www. https:// + * _"
_ODD = ["\n", "\t", "\u2013", "\u2019", "\uff11\uff12", "٣", MARK, "\u200b", "\u202e", "\u0301", "\u00a0"]
PIECES = [*_NAMED.split(), *_SAID.split(), *_SIGNS.split(), *_ODD]
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from([" ", " ", ""])), max_size=30).map("".join)
anything = st.one_of(texts, st.text(max_size=60), st.text("0123456789 .-/@ab[…]\u0301\u200b", max_size=40))

_PLAIN = "le la travail équipe été 3 fois 35 heures 2026 100 % , . ! ? … ( ) « » l'avis tour petit rose dupont 👍 œuvre"

ADDRESS = re.compile(r"[\w.+-]@\w")
LONG = re.compile(r"\d(?:[ .-]?\d){4}")


def plain(text: str) -> str:
    """Digits, spaces and full-width signs as ASCII, accents left out."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


@settings(max_examples=200, deadline=None)
@given(anything)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleaned(text, ROSTER)
    assert cleaned(once, ROSTER) == once


@settings(max_examples=200, deadline=None)
@given(anything)
def test_no_address_and_no_long_number_is_left(text: str) -> None:
    left = cleaned(text, ROSTER).replace(MARK, "|")
    assert not ADDRESS.search(left)
    digits = "".join(str(unicodedata.digit(char, char)) for char in left)
    assert not LONG.search(digits)


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from(NAMES), st.sampled_from([str, str.upper, str.lower, str.title]), texts)
def test_no_full_name_is_left_wherever_it_stands(before: str, name: str, form: type[str], after: str) -> None:
    left = cleaned(f"{before} {form(name)} {after}", ROSTER)
    bare = plain(name).lower()
    assert bare not in plain(left).lower()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*_PLAIN.split(), "e\u0301", "\n", " \t ", "\u2013"]), max_size=30))
def test_text_without_any_such_thing_stays_byte_for_byte(words: list[str]) -> None:
    # Letters between, so that no two numbers make one.
    text = " et ".join(words)
    assert cleaned(text, ROSTER) == text


@settings(max_examples=150, deadline=None)
@given(anything)
def test_what_is_left_is_the_authors_text_in_its_order(text: str) -> None:
    """Each piece between marks is found in the text as it came, after the one before."""
    seen = "".join(char for char in text if unicodedata.category(char) not in {"Cf", "Cs"})
    at = 0
    for piece in re.split(r"\[…\]", cleaned(text, ROSTER)):
        for line in re.findall(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+", piece):
            place = "".join(char for char in seen if unicodedata.category(char) != "Cc" or char in "\n\t").find(
                line, at
            )
            assert place >= at
            at = place + len(line)


@settings(max_examples=200, deadline=None)
@given(texts, st.permutations(NAMES))
def test_the_order_of_the_roster_does_not_matter(text: str, names: list[str]) -> None:
    assert cleaned(text, Names.of(names)) == cleaned(text, ROSTER)
