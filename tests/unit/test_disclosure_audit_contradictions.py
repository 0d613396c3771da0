"""The auditor of whole waves on those that contradict themselves, and on the largest that it judges."""

from dataclasses import replace

import numpy as np
import pytest

from service.disclosure.audit import AuditRefused, Verdict, Wave, audit_wave
from tests.make.counted_wave import EVERYBODY, K, means, scale


def broken(**parts: object) -> Wave:
    good = scale(means(EVERYBODY), [9, 9, 9, 9], [5, 0, 0, 0], [5, 0, 0, 0])
    return replace(good, **parts)  # type: ignore[arg-type]


GOOD = broken()
P, Q, S = GOOD.measures
COLUMN = GOOD.published[0]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (broken(respondents=np.array([19, 9, 9, 9, 9])), "p: its respondents"),
        (broken(respondents=np.array([19, 9, 9, -1])), "respondents: fewer than nobody"),
        (broken(respondents=np.array([19, 9, 9, 1 << 40])), "respondents: more people than can be added up"),
        (broken(respondents=np.full(4, 1 << 62)), "respondents: more people than can be added up"),
        (broken(measures=[replace(P, n=P.n + (1 << 38)), Q, S]), "p: its respondents: more people than can"),
        (broken(measures=[replace(P, n=P.n + (1 << 62)), Q, S]), "p: its respondents: more people than can"),
        (broken(measures=[P, Q, replace(S, partial=S.n + (1 << 62))]), "s: its partial respondents: more people than"),
        (broken(respondents=np.array([19, 9, 9, 8])), "p: more respondents than people"),
        (broken(respondents=np.array([19.0, 9, 9, 9])), "whole numbers"),
        (broken(names=[]), "not one name"),
        (broken(members=[*GOOD.members[:-1], np.array([3, 4])]), "place 4: its classes"),
        (broken(members=[*GOOD.members[:-1], np.array([2, 1])]), "place 4: its classes"),
        (broken(members=[*GOOD.members[:-1], np.array([1, 1])]), "place 4: its classes"),
        (broken(measures=[P, Q, S, P]), "a measure stands twice"),
        (broken(measures=[P, S]), "s: a part of it is missing"),
        (broken(measures=[P, Q, S, replace(S, id="r")]), "part of two"),
        (broken(measures=[P, Q, replace(S, parts=("p", "q", "p"))]), "part of two"),
        (broken(measures=[P, Q, replace(S, parts=("p", "q", "s"))]), "part of itself"),
        (broken(measures=[replace(P, n=P.n[:3]), Q, S]), "p: its respondents"),
        (broken(measures=[replace(P, n=P.n - 10), Q, S]), "p: its respondents"),
        (broken(measures=[replace(P, partial=P.partial + 1), Q, S]), "p: "),
        (broken(measures=[replace(P, n=P.n - 5, partial=P.n - P.n + 1), Q, S]), "p: partial respondents of an item"),
        (broken(measures=[replace(P, n=P.n - 6), Q, S]), "s: more respondents than a part"),
        (broken(measures=[P, Q, replace(S, partial=np.array([4, 0, 0, 0]))]), "s: its partial respondents"),
        (broken(measures=[P, Q, replace(S, n=S.n - 2, partial=np.array([5, 2, 2, 2]))]), "s: its partial respondents"),
        (broken(measures=[P, Q, replace(S, n=S.n - [3, 0, 0, 0], partial=np.array([7, 0, 0, 0]))]), "s: its partial"),
        (broken(respondents=GOOD.respondents + 9, measures=[P, Q, replace(S, partial=np.array([11, 0, 0, 0]))]), "s: "),
        (broken(measures=[P, Q, replace(S, parts=("p",), partial=P.n - S.n)]), "s: its partial respondents"),
        (broken(measures=[replace(P, k=K | {"mean": 0}), Q, S]), "p, mean: its threshold"),
        (broken(measures=[replace(P, k=K | {"distribution": 20_001}), Q, S]), "p, distribution: its threshold"),
        (broken(measures=[replace(P, k=K | {"deviation": 20_001}), Q, S]), "p, deviation: its threshold"),
        (broken(measures=[replace(P, k=K | {"median": 5}), Q, S]), "p: a threshold of an unknown family"),
        (broken(measures=[replace(P, k={"distribution": 10}), Q, S]), "p, mean: it has no threshold"),
        (broken(published=[replace(COLUMN, measure="r")]), "r, mean: an unknown measure"),
        (broken(published=[replace(COLUMN, family="median")]), "p, median: an unknown family"),
        (broken(published=[COLUMN, COLUMN]), "p, mean: published twice"),
        (broken(published=[replace(COLUMN, places=np.array([5]))]), "p, mean: its places"),
        (broken(published=[replace(COLUMN, places=np.array([-1]))]), "p, mean: its places"),
        (broken(published=[replace(COLUMN, places=np.array([1, 0]))]), "p, mean: its places"),
        (broken(published=[replace(COLUMN, least=np.array([1, 1]))]), "p, mean: its printed respondents"),
        (broken(published=[replace(COLUMN, most=np.array([[41]]))]), "p, mean: its printed respondents"),
    ],
)
def test_a_wave_that_contradicts_itself_is_refused(made: Wave, text: str) -> None:
    with pytest.raises(AuditRefused, match=text):
        audit_wave(made)


def test_as_many_people_as_can_be_added_up_are_judged() -> None:
    most = (1 << 40) - int(GOOD.respondents[1:].sum())
    n = np.array([most, *GOOD.respondents[1:]])
    measures = [replace(one, n=n, partial=np.zeros_like(n)) for one in (P, Q, S)]
    seen = replace(COLUMN, least=np.array([n.sum()]), most=np.array([n.sum()]))
    report = audit_wave(broken(respondents=n, measures=measures, published=[seen]))
    assert report.verdict == Verdict.safe
