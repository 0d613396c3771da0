"""The states of campaigns and waves: what can follow what, read as graphs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from service.campaigns.lifecycle import (
    CAMPAIGN_STEPS,
    NEXT_CAMPAIGN,
    NEXT_WAVE,
    WAVE_STEPS,
    CampaignState,
    WaveState,
    as_markdown,
)

S = TypeVar("S", CampaignState, WaveState)


def reachable(steps: Mapping[tuple[S, str], S], start: S) -> set[S]:
    found = {start}
    while True:
        more = {after for (before, _), after in steps.items() if before in found} - found
        if not more:
            return found
        found |= more


def test_every_state_can_be_reached() -> None:
    assert reachable(NEXT_CAMPAIGN, CampaignState.draft) == set(CampaignState)
    beginnings = {WaveState.planned, WaveState.scheduled}
    assert set().union(*(reachable(NEXT_WAVE, one) for one in beginnings)) == set(WaveState)


def test_nothing_comes_back() -> None:
    """A wave that was closed is never open again: its answers may be counted already."""
    for state in CampaignState:
        for after in {NEXT_CAMPAIGN[key] for key in NEXT_CAMPAIGN if key[0] == state} - {state}:
            assert state not in reachable(NEXT_CAMPAIGN, after)
    for wave_state in WaveState:
        for wave_after in {NEXT_WAVE[key] for key in NEXT_WAVE if key[0] == wave_state} - {wave_state}:
            assert wave_state not in reachable(NEXT_WAVE, wave_after)


def test_only_an_open_wave_closes_and_only_a_closed_one_is_released() -> None:
    assert [before for (before, act) in NEXT_WAVE if act == "close"] == [WaveState.open]
    assert [before for (before, act) in NEXT_WAVE if act in {"release", "refuse"}] == [WaveState.closed] * 2
    assert {NEXT_WAVE[key] for key in NEXT_WAVE if key[1] == "cancel"} == {WaveState.cancelled}


def test_an_end_is_an_end_and_every_other_state_can_be_left() -> None:
    """By type: members of two enumerations that are spelt alike are equal to Python."""
    campaign_ends = {CampaignState.closed, CampaignState.cancelled}
    wave_ends = {WaveState.released, WaveState.refused, WaveState.cancelled}
    assert {before for before, _ in NEXT_CAMPAIGN} == set(CampaignState) - campaign_ends
    assert {before for before, _ in NEXT_WAVE} == set(WaveState) - wave_ends
    assert all(type(before) is type(after) is CampaignState for (before, _), after in NEXT_CAMPAIGN.items())
    assert all(type(before) is type(after) is WaveState for (before, _), after in NEXT_WAVE.items())


def test_the_guide_shows_the_tables() -> None:
    guide = (Path(__file__).resolve().parents[2] / "openapi/guides/campaigns.md").read_text(encoding="utf-8")
    before, _, after = guide.partition("<!-- states: written by service/campaigns/lifecycle.py -->\n")
    assert before
    assert after.partition("\n<!-- end of states -->")[0] == as_markdown()


def test_every_step_names_an_event_and_what_it_means() -> None:
    for step in (*CAMPAIGN_STEPS, *WAVE_STEPS):
        noun, _, verb = step.event.partition(".")
        assert noun in {"campaign", "wave", "release"}
        assert verb.endswith("ed") or verb == "withheld"
        assert step.meaning
