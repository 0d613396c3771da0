"""What an insider can link after people answered one by one, and what not; and that these tests would notice more.

Three insiders. One holds the complete files and knows the order, but has no key: no answer is known better than by
chance. One holds every key, of a campaign with coarse classes and without a spending record, and not both orders, of
people and of batches: within a class, a record may be anybody's. One has both, or the links: to them everything is
open until the key is destroyed, as the contract says.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from service.responses.respond import PATH
from tests.faults import insider_defects as defects
from tests.faults.insider_defects import Patch
from tests.faults.insider_world import (
    CAUTIOUS,
    MOODS,
    PEOPLE,
    TEAMS,
    WITH_RECORD,
    Answered,
    Record,
    candidates_of,
    content,
    everybody_answers,
    groups,
    opened,
    people_of,
    right_of,
    rows_of,
    without_keys,
    written_beside,
)
from tests.faults.linking import (
    GUESSES,
    Features,
    Ints,
    Law,
    all_pairs,
    features,
    guessed_right,
    joined,
    learned,
    matched,
    matched_right,
    telling,
)
from tests.fixtures.house import House
from tests.make.world import ok

FALSE_ALARM = 2.5e-7
"""Of each of the four tests that find nothing, with all its attacks: once in a million runs of all four."""
FEW = {"A": 20, "B": 20}
CROWD = {"A": 60}
SINGLE = {f"OWN{at}": 1 for at in range(40)}

Attempts = tuple[dict[str, int], Law]


# -- the insiders --------------------------------------------------------------------------------------------


def without_a_key(answered: Answered) -> Attempts:
    """(a) Files, logs, metrics, the order, and half of the people are accomplices: right guesses of the other half."""
    shown, columns = without_keys(answered)
    known = len(shown) // 2
    true = answered.moods[known:]
    guesses = {name: learned(feature, answered.moods, known) for name, feature in features(columns).items()}
    candidates = [candidates_of(answered, at) for at in range(known, len(shown))]
    for name, guess in GUESSES.items():
        guesses[name] = np.array([guess(*given) for given in zip(shown[known:], candidates, strict=True)])
    attempts = {name: int((guessed == true).sum()) for name, guessed in guesses.items()}
    return attempts, guessed_right(len(true), MOODS)


def with_files_and_keys(answered: Answered) -> Attempts:
    """(b) Every key and every file, but nothing of when people answered: each order of the roster beside the files'."""
    people, records = people_of(answered), opened(answered)
    spent = {row["xmin"]: row for row in rows_of(answered, "spent_code")}
    beside = [spent[record.batch["xmin"]] for record in records]
    rows = [
        record.batch | {f"code's {name}": value for name, value in row.items()}
        for record, row in zip(records, beside, strict=True)
    ]
    attempts, law = _matchings(answered, people, records, features(people), features(rows))
    serials = [row["serial"] for row in people], [row["serial"] for row in beside]
    attempts["serials"] = joined(*serials, _owners(records))
    return attempts, law


def with_rows_and_keys(answered: Answered) -> Attempts:
    """(b) Every key and the order of arrival, but rows as a query shows them: nothing in them tells theirs."""
    people, records = people_of(answered), opened(answered)
    orders = {"arrival": np.arange(len(people))} | features(people)
    return _matchings(answered, people, records, orders, features(content([one.batch for one in records])))


def _matchings(
    answered: Answered, people: Sequence[Mapping[str, Any]], records: list[Record], orders: Features, others: Features
) -> Attempts:
    group, group_of_record = groups([row["label"] for row in people], [record.label for record in records])
    sizes = np.bincount(group).tolist()
    # Smaller classes than were promised are no excuse for more links.
    k = contract_of(answered)["policy"]["k_mean"]
    law = matched_right(sizes if min(sizes) >= k else [k] * (len(people) // k))
    return all_pairs(orders, others, group, group_of_record, _owners(records)), law


def inside_a_batch(answered: Answered) -> Attempts:
    """(b) Every key, and whose code shares a transaction with which batch, where many answered at the same moment."""
    people, records = people_of(answered), opened(answered)
    batch = {row["serial"]: row["xmin"] for row in rows_of(answered, "spent_code")}
    codes = {xmin: [serial for serial in sorted(batch) if batch[serial] == xmin] for xmin in batch.values()}
    # A set keeps numbers in an order that hangs on nothing but them.
    hashed = {serial: at for serials in codes.values() for at, serial in enumerate(set(serials))}
    orders = {"arrival": np.arange(len(people)), "hash": np.array([hashed[row["serial"]] for row in people])}
    group, group_of_record = groups(
        [batch[row["serial"]] << 32 | row["label"] for row in people],
        [record.batch["xmin"] << 32 | record.label for record in records],
    )
    places = {"place in the batch": np.array([record.place for record in records])}
    attempts = all_pairs(orders | features(people), places, group, group_of_record, _owners(records))
    return attempts, matched_right(np.bincount(group).tolist())


def _owners(records: Sequence[Record]) -> Ints:
    return np.array([record.owner for record in records])


def contract_of(answered: Answered) -> dict[str, Any]:
    """What whoever answers is shown."""
    contract: dict[str, Any] = ok(answered.tenant.call(None, "GET", f"{PATH}/{answered.wave.address}"))["contract"]
    return contract


# -- what is no better than chance ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(house: House) -> Answered:
    """200 people, one by one; who answered is recorded. With the files."""
    return everybody_answers(house.tenant(), WITH_RECORD, TEAMS, with_files=True)


@pytest.fixture(scope="module")
def cautious(house: House) -> Answered:
    """200 people, one by one, in a campaign that took every option against insiders."""
    return everybody_answers(house.tenant(), CAUTIOUS, TEAMS)


def test_without_the_keys_no_answer_is_known_better_than_by_chance(recorded: Answered) -> None:
    attempts, law = without_a_key(recorded)
    assert len(recorded.responses) == PEOPLE
    assert telling(attempts, law, FALSE_ALARM) == {}


def test_with_every_key_and_file_but_no_order_a_record_may_be_anybodys_of_its_class(cautious: Answered) -> None:
    attempts, law = with_files_and_keys(cautious)
    assert telling(attempts, law, FALSE_ALARM) == {}
    assert written_beside(cautious) == {"spent_code", "sealed_batch"}


def test_with_every_key_the_rows_themselves_tell_no_order(cautious: Answered) -> None:
    attempts, law = with_rows_and_keys(cautious)
    assert telling(attempts, law, FALSE_ALARM) == {}


def test_with_every_key_a_record_may_be_anybodys_of_its_batch_and_class(house: House) -> None:
    attempts, law = inside_a_batch(everybody_answers(house.tenant(), WITH_RECORD, CROWD, together=True))
    assert telling(attempts, law, FALSE_ALARM) == {}


def test_each_coarse_class_has_at_least_k_people(cautious: Answered) -> None:
    contract = contract_of(cautious)
    assert contract["coarse_classes"] is True
    _, sizes = np.unique([row["label"] for row in people_of(cautious)], return_counts=True)
    assert sizes.min() >= contract["policy"]["k_mean"] + contract["policy"]["collusion"]


# -- what every key allows together with something else, and the contract says -------------------------------


def test_every_key_and_the_order_of_arrival_link_everybody_and_the_contract_says_so(cautious: Answered) -> None:
    records = opened(cautious)
    written = np.array([record.batch["xmin"] for record in records])
    nobody_apart = np.zeros(len(records), np.int64)
    right = matched(np.arange(len(records)), written, nobody_apart, nobody_apart, _owners(records))
    assert right == PEOPLE
    assert {"all_keys_before_destruction", "order_or_links"} <= set(contract_of(cautious)["known_limits"])


def test_every_key_and_the_links_that_were_sent_link_everybody_and_the_contract_says_so(cautious: Answered) -> None:
    assert _linked_by([right_of(cautious.tenant, sent.code).serial for sent in cautious.responses], cautious) == PEOPLE
    assert {"all_keys_before_destruction", "order_or_links"} <= set(contract_of(cautious)["known_limits"])


def test_every_key_and_a_spending_record_link_everybody_and_the_contract_says_so(recorded: Answered) -> None:
    assert _linked_by([row["serial"] for row in people_of(recorded)], recorded) == PEOPLE
    assert {"all_keys_before_destruction", "batch_of_a_code"} <= set(contract_of(recorded)["known_limits"])


def test_without_a_spending_record_the_roster_names_no_code(cautious: Answered) -> None:
    assert _linked_by([row["serial"] for row in people_of(cautious)], cautious) == 0
    assert "batch_of_a_code" not in contract_of(cautious)["known_limits"]


def _linked_by(serials: Sequence[int], answered: Answered) -> int:
    """Right links by the serials of people's codes, which share transactions with batches."""
    spent = {row["xmin"]: row["serial"] for row in rows_of(answered, "spent_code")}
    records = opened(answered)
    return joined(serials, [spent[record.batch["xmin"]] for record in records], _owners(records))


# -- the same attacks on a service with a defect -------------------------------------------------------------


class Seeded(NamedTuple):
    """A service with a defect, the insider who links by it, and by what."""

    defect: Callable[[Patch], None]
    insider: Callable[[Answered], Attempts]
    attack: str
    terms: Mapping[str, Any] = CAUTIOUS
    teams: Mapping[str, int] = FEW
    with_files: bool = False


SEEDED = {
    "unsealed": Seeded(defects.unsealed, without_a_key, "answers in plain", WITH_RECORD),
    "kept in the log of writes": Seeded(
        defects.kept_in_the_log_of_writes, without_a_key, "answers in plain", WITH_RECORD, with_files=True
    ),
    "variable width": Seeded(defects.variable_width, without_a_key, "sealed_batch.records by length", WITH_RECORD),
    "content hash": Seeded(defects.content_hash, without_a_key, "digests of all answers", WITH_RECORD),
    "logged": Seeded(defects.logged, without_a_key, "answers in the logs", WITH_RECORD),
    "counted": Seeded(defects.counted, without_a_key, "pouls_intake_batch_responses_sum[]", WITH_RECORD),
    "numbered codes": Seeded(defects.sequential_serials, with_files_and_keys, "serial beside code's serial, rising"),
    "codes of the roster": Seeded(defects.serials_of_the_roster, with_files_and_keys, "serials"),
    "spending record": Seeded(defects.none, with_files_and_keys, "serials", CAUTIOUS | WITH_RECORD),
    "fine classes": Seeded(defects.fine_classes, with_files_and_keys, "name beside place, rising", teams=SINGLE),
    "no coarse classes": Seeded(
        defects.none,
        with_files_and_keys,
        "name beside place, rising",
        {"participation": CAUTIOUS["participation"]},
        SINGLE,
    ),
    "timestamped": Seeded(
        defects.timestamped, with_rows_and_keys, "arrival beside texts by its first bytes, from the left, rising"
    ),
    "time in ids": Seeded(defects.time_in_the_id, with_rows_and_keys, "arrival beside batch_id as a whole, rising"),
    "numbered batches": Seeded(
        defects.sequential_batches, with_rows_and_keys, "arrival beside batch_id as a whole, rising"
    ),
    "unshuffled": Seeded(
        defects.unshuffled, inside_a_batch, "arrival beside place in the batch, rising", WITH_RECORD, CROWD
    ),
}


@pytest.mark.parametrize("name", SEEDED)
def test_each_defect_is_noticed(house: House, monkeypatch: Patch, name: str) -> None:
    seeded = SEEDED[name]
    seeded.defect(monkeypatch)
    together = seeded.insider is inside_a_batch
    answered = everybody_answers(
        house.tenant(), seeded.terms, seeded.teams, together=together, with_files=seeded.with_files
    )
    monkeypatch.undo()
    attempts, law = seeded.insider(answered)
    found = telling(attempts, law, FALSE_ALARM)
    assert found.get(seeded.attack, 0) >= 0.8 * (len(law) - 1)
