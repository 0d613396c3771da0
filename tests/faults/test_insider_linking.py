"""What chance gives, against all cases counted; and that an attack finds what is there."""

from collections import Counter
from itertools import permutations, product
from zlib import crc32

import numpy as np
import pytest

from tests.faults.linking import (
    Shown,
    by_digest,
    features,
    guessed_right,
    in_logs,
    in_plain,
    joined,
    learned,
    matched,
    matched_right,
    ranks,
    telling,
)


@pytest.mark.parametrize("sizes", [[1], [2], [4], [2, 3], [1, 2, 3]])
def test_the_law_of_matchings_is_that_of_all_permutations(sizes: list[int]) -> None:
    fixed = [
        sum(at == to for order in orders for at, to in enumerate(order))
        for orders in product(*(permutations(range(size)) for size in sizes))
    ]
    counted = Counter(fixed)
    law = matched_right(sizes)
    assert law.tolist() == pytest.approx([counted[right] / len(fixed) for right in range(sum(sizes) + 1)])


def test_the_law_of_guesses_is_that_of_all_answers() -> None:
    counted = Counter(sum(answer == 0 for answer in answers) for answers in product(range(3), repeat=4))
    assert guessed_right(4, 3).tolist() == pytest.approx([counted[right] / 3**4 for right in range(5)])


def test_laws_of_two_hundred_people_sum_to_one() -> None:
    assert guessed_right(200, 5).sum() == pytest.approx(1)
    assert matched_right([20] * 8 + [40]).sum() == pytest.approx(1)


def test_too_many_and_too_few_right_links_tell_something_and_the_usual_number_nothing() -> None:
    law = guessed_right(100, 5)
    assert telling({"all": 100, "usual": 20, "few": 1, "two fewer than usual": 18}, law, 1e-6) == {"all": 100, "few": 1}


def test_the_more_attacks_the_more_each_has_to_show() -> None:
    law = guessed_right(100, 5)
    assert telling({"one": 35}, law, 1e-2) == {"one": 35}
    assert telling({"one": 35} | {str(at): 20 for at in range(1000)}, law, 1e-2) == {}


def test_values_that_are_alike_have_one_rank_however_large_they_are() -> None:
    assert ranks([1 << 100, 7, (1 << 100) + 1, 7]).tolist() == [1, 0, 2, 0]


def test_a_column_that_is_alike_in_all_rows_is_no_feature() -> None:
    found = features([{"same": 1, "bytes": b"\0\1"}, {"same": 1, "bytes": b"\1\0\0"}])
    assert "same" not in found
    assert found["bytes by length"].tolist() == [0, 1]
    assert found["bytes by its first bytes, from the left"].tolist() == [0, 1]


def test_accomplices_with_the_nearest_value_give_the_guess() -> None:
    feature, answers = np.array([0, 0, 0, 9, 9, 1, 8]), np.array([2, 2, 1, 4, 4, 0, 0])
    assert learned(feature, answers, 5).tolist() == [2, 4]


def test_people_and_records_are_put_side_by_side_within_their_groups() -> None:
    group = np.array([0, 1, 0, 1])
    # The records of persons 2, 3, 0, 1, in this order.
    owner, group_of_record = np.array([2, 3, 0, 1]), np.array([0, 1, 0, 1])
    people = np.array([5, 6, 7, 8])
    assert matched(people, np.array([7, 8, 5, 6]), group, group_of_record, owner) == 4
    assert matched(people, np.array([5, 6, 7, 8]), group, group_of_record, owner) == 0


def test_what_is_alike_for_all_does_not_put_anybody_beside_their_own_record() -> None:
    alike, own = np.zeros(100, np.int64), np.arange(100)
    assert matched(alike, own, alike, alike, own) < 10


def test_people_are_joined_to_codes_by_their_numbers() -> None:
    assert joined([10, 11, 12], [12, 11, 99], np.array([2, 1, 0])) == 2


CANDIDATES = [[b"the first form"], [b"another form"]]


def test_an_answer_is_found_in_a_row_beside_its_batch_in_a_log_or_by_a_digest() -> None:
    nothing = Shown({"mac": bytes(16)}, [bytes(200)], b"")
    assert [guess(nothing, CANDIDATES) for guess in (in_plain, by_digest, in_logs)] == [0, 0, 0]
    assert in_plain(nothing._replace(fields={"records": bytes(48) + b"another form"}), CANDIDATES) == 1
    near = bytes(80) + b"another form" + bytes(60) + b"the first form" + bytes(34)
    assert in_plain(nothing._replace(nearby=[near]), CANDIDATES) == 1
    assert in_logs(nothing._replace(told=b"stored " + b"another form".hex().encode()), CANDIDATES) == 1
    digest = bytes(28) + crc32(b"another form").to_bytes(4, "big")
    assert by_digest(nothing._replace(fields={"nonce_digest": digest}), CANDIDATES) == 1
