"""Counting failures: so many a minute for each key, and memory for so many keys."""

from service.kit.limits import KEPT, FailureLimit


class Stopwatch:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_and_no_more() -> None:
    limit = FailureLimit(3, Stopwatch())
    assert [limit.allows("a") for _ in range(6)] == [True] * 3 + [False] * 3
    assert [limit.allows("b") for _ in range(4)] == [True] * 3 + [False]


def test_a_minute_later_it_starts_again() -> None:
    watch = Stopwatch()
    limit = FailureLimit(2, watch)
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    watch.now += 59.9
    assert not limit.allows("a")  # asking again does not start the minute again
    watch.now += 0.1
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]


def test_the_least_recently_failed_key_is_forgotten() -> None:
    limit = FailureLimit(1, Stopwatch())
    assert limit.allows("first")
    for number in range(KEPT - 1):
        assert limit.allows(str(number))
    assert not limit.allows("first")  # known still, and now the latest
    assert limit.allows("one more")
    assert not limit.allows("first")
    assert limit.allows("0")  # forgotten for it
    assert len(limit._failures) == KEPT


def test_nothing_is_allowed_where_nothing_may_be() -> None:
    assert not FailureLimit(0).allows("a")
