"""Contracts of any rules in sentences: whole, in one language, with every number that a figure hangs on."""

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.campaigns.promises.wording import sentences
from service.campaigns.promises.words_en import ENGLISH
from service.campaigns.promises.words_fr import FRENCH

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[1] / "golden" / "promise_text" / "weekly_pulse.json"
NO_BREAK = "\u00a0"


@st.composite
def _contracts(draw: st.DrawFn) -> Json:
    """Contracts of any rules, campaigns' and waves', whose own names are numbers."""
    contract: Json = json.loads(GOLDEN.read_text("utf-8"))
    small = st.integers(1, 60)
    contract["policy"] = {
        "k_mean": draw(st.integers(5, 10_000)),
        **{f"k_{name}": draw(st.integers(10, 10_000)) for name in ("distribution", "sensitive", "comment")},
        "collusion": draw(st.integers(0, 1000)),
    }
    names = st.lists(st.integers(100, 999).map(str), min_size=1, max_size=30, unique=True)
    contract["campaign"]["name"] = "100"
    contract["questionnaire"] = {"key": "101", "version": draw(small), "digest": "d"}
    contract["dimensions"] = [
        {"name": name, "values": [{"id": value, "label": {}} for value in draw(names)]} for name in draw(names)[:3]
    ]
    known = [dimension["name"] for dimension in contract["dimensions"]]
    contract["plan"] = [
        ["org"],
        *(["org", *one] for one in draw(st.lists(st.permutations(known).map(lambda p: p[:2])))),
    ]
    contract["audience"] |= {"units": draw(names), "source": "102", "dimensions": {known[0]: draw(names)}}
    recorded = draw(st.booleans())
    ways = st.lists(st.sampled_from(["links", "kiosk", "intranet", "sign_in"]), min_size=1, max_size=4, unique=True)
    contract["participation"] = {
        "ways": draw(ways) if recorded else ["links"],
        "reminders": recorded and draw(st.booleans()),
        "spending_record": recorded,
    }
    contract["rotation"] = {
        "length": draw(small),
        "anchors": draw(st.one_of(st.just([]), names)),
        "cadence": draw(st.none() | st.dictionaries(st.integers(100, 999).map(str), small, min_size=1)),
    }
    contract["items"] = draw(names)
    contract["openings"][0]["zone"], contract["openings"][1]["zone"] = "103", "104"
    contract["sampling"], contract["burden"] = (
        {"every": draw(st.integers(2, 52))},
        {"most": draw(small), "days": draw(small)},
    )
    contract["interim"] = {"hours_after_opening": draw(st.lists(small, min_size=1, max_size=4))}
    contract["retention_days"] = draw(st.integers(0, 365))
    contract["known_limits"] = [limit for limit in contract["known_limits"] if draw(st.booleans())]
    optional = [
        "rotation",
        "items",
        "sampling",
        "burden",
        "interim",
        "coarse_classes",
        "comments",
        "recuts",
        "openings",
    ]
    for name in optional:
        if draw(st.booleans()):
            del contract[name]
    if draw(st.booleans()):
        for name in ("wave", "roster", "campaign_contract", "dimensions", "openings", "items"):
            contract.pop(name, None)
    return contract


_ENGLISH_ONLY = re.compile(
    r"\b(the|of|and|or|is|are|who|whom|with|people|answers?|wave|your|not|by|to|in|they|only|every|day|days)\b",
    re.IGNORECASE,
)


@settings(deadline=None, max_examples=80)
@given(contract=_contracts(), language=st.sampled_from(["en", "fr"]))
def test_any_contract_is_told_in_whole_sentences(contract: Json, language: str) -> None:
    found = sentences(contract, language)
    text = "\n".join(one.text for one in found)
    assert all(one.text.endswith(".") and "{" not in one.text and "#" not in one.text for one in found)
    assert all(one.text[0] == one.text[0].upper() and not re.search(r"  |\|| \.|\.\.|'", one.text) for one in found)
    if language == "fr":
        assert not _ENGLISH_ONLY.search(text)
        assert not re.search(rf"(?<!{NO_BREAK})[;?!%»]|[^{NO_BREAK}\d]:|«(?!{NO_BREAK})", text)
    words = ENGLISH if language == "en" else FRENCH
    policy = contract["policy"]
    t, mean = policy["collusion"], policy["k_mean"]
    distribution = max(mean, policy["k_distribution"])
    wanted = {mean, distribution, max(mean, policy["k_sensitive"]), max(distribution, policy["k_sensitive"])}
    for least in {*wanted, policy["k_comment"]}:
        assert re.search(rf"(?<![\d.,]){re.escape(words.number(least + t))}\b", text)
    assert sentences(json.loads(json.dumps(contract)), language) == found
