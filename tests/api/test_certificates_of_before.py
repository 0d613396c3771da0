"""Releases that were made before numbers of people were told in bands: stored as they are, and proved again as such."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.disclosure import audit as auditor
from service.disclosure.audit import Verdict
from service.releases import again as audited_again
from tests.api.test_breakdowns import TREE, answered
from tests.api.test_certificates import a_wave, judged
from tests.fixtures.house import House


def test_a_release_with_exact_numbers_is_proved_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It told exact numbers, of cells and of what relates answers, and is stored as it was."""
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    seen: list[auditor.Wave] = []
    related: list[dict[str, bool]] = []
    make = audited_again.wave_of

    def exact(*arguments: Any) -> auditor.Wave:
        made = make(*arguments)
        n = {one.id: one.n for one in made.measures}
        told = []
        for one in made.published:
            people = np.array([n[one.measure][made.members[place]].sum() for place in one.places], np.int64)
            told.append(replace(one, least=people, most=people))
        seen.append(replace(made, published=told))
        return seen[-1]

    def relations(*_: Any, **how: bool) -> tuple[auditor.Refusal, ...]:
        related.append(how)
        return ()

    monkeypatch.setattr("service.releases.again.wave_of", exact)
    monkeypatch.setattr("service.releases.again.relations", relations)
    found = judged(house, wave.tenant, release)
    assert found is not None
    assert found.report is not None
    assert found.report.verdict == Verdict.safe
    assert related == [{"exact_too": True}]
    # None of it could be released now.
    (made,) = seen
    refused = auditor.audit_wave(replace(made, bands_from=0)).refusals
    assert len(refused) == sum(len(one.places) for one in made.published) > 0
