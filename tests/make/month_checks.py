"""What has to hold of waves beside their cells: times, rosters, items, promises, certificates, and what is destroyed.

Each check tells what is wrong, wave by wave, and nothing where all is well. Samples are drawn anew from the contract,
as anybody could who reads it; nothing of the engine is used but what verifies a signature.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from service.releases.certificate import CertificateRefused, verified
from tests.make.cell_checks import Truth, cells_of, leaking, wrong_cells, wrong_frame
from tests.make.months import PARIS_ZONE, YORK_ZONE, Lived, Months

Complaints = Iterator[str]
LEAST_INVITED = 10
DAY = timedelta(days=1)
AT_WORK = timedelta(minutes=5)
"""What is due is done within, once the worker is let look."""


def complaints(months: Months) -> dict[str, list[str]]:
    """By check, all that is wrong; empty where nothing is."""
    found: dict[str, list[str]] = {}
    for name, check in OF_ALL.items():
        found[name] = list(check(months))
    for lived in months.waves:
        for name, one in OF_ONE.items():
            found.setdefault(name, []).extend(f"{lived.name}: {told}" for told in one(months, lived))
        if not lived.shown:
            continue  # it did not open, which has been told
        truth, cells = Truth(lived, months.documents[lived.plan.name]), cells_of(lived)
        for name, of_cells in OF_CELLS.items():
            found.setdefault(name, []).extend(f"{lived.name}: {told}" for told in of_cells(truth, cells))
    return {name: told for name, told in found.items() if told}


def opened(_: Months, lived: Lived) -> Complaints:
    """At nine in the morning of each zone, whatever the clocks did, and for nobody sooner."""
    told = {zone["zone"]: datetime.fromisoformat(zone["opens_at"]) for zone in lived.foretold["zones"]}
    local = {str(zone): told[str(zone)].astimezone(zone) for zone in (PARIS_ZONE, YORK_ZONE)}
    for name, moment in local.items():
        if (moment.date(), moment.time()) != (lived.opened_on, lived.plan.at):
            yield f"foretold for {moment:%a %d %b %H:%M} in {name}"
    if told != lived.opens:
        yield "foretold for another moment"
    if lived.told["state"] != "open":
        yield f"was {lived.told['state']} after its opening"
        return
    if datetime.fromisoformat(lived.told["opens_at"]) != min(lived.opens.values()):
        yield f"opened at {lived.told['opens_at']}"
    if datetime.fromisoformat(lived.told["closes_at"]) != lived.closes:
        yield f"was to close at {lived.told['closes_at']}"
    overseas = any(map(lived.roll.in_york, lived.roster))
    if [status for _, status in lived.early] != [409] * (3 if overseas else 1):
        yield f"whoever was early got {lived.early}"
    if lived.refused:
        yield f"{len(lived.refused)} people were refused, {lived.refused[0]}"


def asked(_: Months, lived: Lived) -> Complaints:
    """What respondents are shown is what the calendar foretold at the launch."""
    shown = [item["id"] for item in lived.shown.get("questionnaire", {}).get("items", ())]
    foretold = lived.foretold["items"]
    if foretold is not None and shown != foretold:
        yield f"shows {shown}, foretold were {foretold}"
    if lived.shown and lived.shown["contract"] != lived.contract["contract"]:
        yield "shows another contract"
    if foretold is not None and lived.contract and lived.contract["contract"]["items"] != foretold:
        yield "promises other items"


def taking_turns(months: Months) -> Complaints:
    """Anchors come each time, and no item again before every other one has had its turn."""
    for name, document in months.documents.items():
        rotation = months.rules[name]["contract"].get("rotation")
        if rotation is None:
            continue
        anchors, length = rotation["anchors"], rotation["length"]
        turns = {item["id"]: 0 for item in document["items"] if item["type"] != "text" and item["id"] not in anchors}
        for lived in (one for one in months.waves if one.plan.name == name and one.shown):
            shown = [item["id"] for item in lived.shown["questionnaire"]["items"]]
            if not set(anchors) <= set(shown) or len(shown) != length:
                yield f"{lived.name}: asks {shown}"
            for item in set(shown) - set(anchors):
                turns[item] += 1
            if max(turns.values()) - min(turns.values()) > 1:
                yield f"{lived.name}: {max(turns, key=turns.__getitem__)} came again too soon"


def invited(months: Months) -> Complaints:
    """The people of the sample, of whoever was there that morning, but for those who had been asked enough."""
    for lived, turn in zip(months.waves, turns(months), strict=True):
        missing, extra = turn.due - turn.weary - lived.roster.keys(), lived.roster.keys() - (turn.due - turn.weary)
        if missing or extra:
            yield f"{lived.name}: {len(missing)} are missing, {len(extra)} too many"
        if lived.told["invited"] != len(lived.roster):
            yield f"{lived.name}: tells of {lived.told['invited']} people"


class Turn(NamedTuple):
    """Of one wave: whose turn it was, and who had been invited as often as the limit allows, by all waves before."""

    due: set[str]
    weary: set[str]


def turns(months: Months) -> list[Turn]:
    """Of all waves, in their order."""
    found: list[Turn] = []
    days: dict[str, list[date]] = {}
    for lived in months.waves:
        rules = months.rules[lived.plan.name]["contract"]
        limit, since = rules["burden"], lived.opened_on - rules["burden"]["days"] * DAY
        weary = {person for person, asked in days.items() if sum(day > since for day in asked) >= limit["most"]}
        hired = lived.opened_on - rules["audience"].get("hired", {}).get("days_at_least", 0) * DAY
        there = {name: one.unit for name, one in lived.roll.people.items() if one.hired_on <= hired}
        found.append(Turn(sampled(months, lived, there) if "sampling" in rules else set(there), weary))
        for person in lived.roster:
            days.setdefault(person, []).append(lived.opened_on)
    return found


def sampled(months: Months, lived: Lived, there: Mapping[str, str]) -> set[str]:
    """Whose turn it is, from the seed in the contract: units in so many parts as have enough people, each its turn."""
    promised = lived.contract.get("contract") or months.rules[lived.plan.name]["contract"]
    seed, every = bytes.fromhex(promised["seed"]), promised["sampling"]["every"]
    people, units = months.ends["people"], months.ends["units"]
    found = set()
    for unit in set(there.values()):
        mine = sorted(
            (name for name, home in there.items() if home == unit),
            key=lambda name: _keyed(seed, b"sampled person", people[name]),
        )
        parts = max(1, min(every, len(mine) // LEAST_INVITED))
        offset = int.from_bytes(_keyed(seed, b"sampled unit", units[unit]))
        for rank, name in enumerate(mine):
            turn = offset + (rank * parts // len(mine)) * every // parts
            if turn % every == lived.number % every:
                found.add(name)
    return found


def _keyed(seed: bytes, purpose: bytes, name: UUID) -> bytes:
    return hashlib.blake2b(name.bytes, digest_size=16, key=seed, person=purpose).digest()


def stable(months: Months) -> Complaints:
    """Of a unit in which nothing changed between two waves of a sampled pulse, everybody was asked in one of them."""
    pulse = [
        (lived, turn.due & turn.weary)
        for lived, turn in zip(months.waves, turns(months), strict=True)
        if "sampling" in months.rules[lived.plan.name]["contract"]
    ]
    for (one, spared), (other, spared_then) in pairwise(pulse):
        before, after = one.roll.members(), other.roll.members()
        for unit in before.keys() & after.keys():
            if before[unit] == after[unit]:
                both = before[unit] & one.roster.keys() & other.roster.keys()
                neither = before[unit] - one.roster.keys() - other.roster.keys() - spared - spared_then
                if both or neither:
                    yield f"{other.name}: of {unit}, {len(both)} came twice running and {len(neither)} in neither wave"


def promised(months: Months, lived: Lived) -> Complaints:
    """A wave's contract holds all of the campaign's rules as they were at the launch, and is never another one."""
    if not lived.contract:
        return
    rules, contract = months.rules[lived.plan.name], lived.contract["contract"]
    if not rules["contract"].items() <= contract.items() or contract["campaign_contract"] != rules["digest"]:
        yield "promises other rules than the campaign"
    if _digest(contract) != lived.contract["digest"] or _digest(rules["contract"]) != rules["digest"]:
        yield "has another digest"
    if contract["roster"]["invited"] != len(lived.roster):
        yield "promises another roster"
    if lived.at_the_end["contract"] != lived.contract:
        yield "promised something else at the end"


def _digest(value: Any) -> str:
    told = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def released(months: Months, lived: Lived) -> Complaints:
    """With a certificate that says safe, of this release and this contract, signed by the worker's key."""
    if lived.release.get("status") != "published":
        yield f"is {lived.release.get('status')}: {lived.release.get('reason')}"
        return
    try:
        said = verified(lived.certificate)
    except CertificateRefused:
        yield "its certificate does not verify"
        return
    if lived.certificate["public_key"] != months.ends["public_key"]:
        yield "is signed by another key"
    if said["auditor"]["verdict"] != "safe":
        yield f"its verdict is {said['auditor']['verdict']}"
    if said["release"] != {"id": lived.release["id"], "digest": lived.release["digest"]}:
        yield "its certificate is of another release"
    if said["contract_digest"] != lived.contract.get("digest"):
        yield "its certificate is of another contract"
    if said["fell_back"]:
        yield "its breakdowns were given up"
    counted = Counter((cell["family"], cell["status"]) for cell in cells_of(lived))
    if counted != {(family, status): n for family, of in said["cells"].items() for status, n in of.items() if n}:
        yield f"its certificate counts {said['cells']}, there are {dict(counted)}"


def over(months: Months, lived: Lived) -> Complaints:
    """Once the retention is over nothing opens any more, and what was shown is shown as it was."""
    end = lived.at_the_end
    proof = end["destruction"].get("certificate", {})
    if proof.get("opens") is not False or proof.get("wave") != lived.wave:
        yield f"still opens: {end['destruction']}"
    else:
        due = lived.closes + timedelta(days=months.rules[lived.plan.name]["contract"]["retention_days"])
        at_work = min(moment for moment in months.looked if moment > due)
        if not at_work <= datetime.fromisoformat(proof["destroyed_at"]) <= at_work + AT_WORK:
            yield f"was to be destroyed at {at_work}, and was at {proof['destroyed_at']}"
        if proof["sealed"]["responses"] != len(lived.answers):
            yield f"{proof['sealed']['responses']} answers were sealed of {len(lived.answers)}"
    if end["invitations"] != 409:
        yield f"invitations are answered by {end['invitations']}"
    if end["cells"] not in {None, lived.cells}:
        yield "shows other cells than at its release"
    if end["certificate"] != (lived.certificate or None):
        yield "shows another certificate than at its release"


def at_the_end(months: Months) -> Complaints:
    """Every wave that was foretold was lived, none was skipped, nothing that hangs on a person is left."""
    for name, calendar in months.calendars.items():
        lived = [one for one in months.waves if one.plan.name == name]
        if [one.number for one in lived] != list(range(1, len(lived) + 1)):
            yield f"{name}: numbers are {[one.number for one in lived]}"
        if months.ends[f"skipped {name}"]:
            yield f"{name}: skipped {months.ends[f'skipped {name}']}"
        if len(lived) == len(calendar) and months.ends[name] != "closed":
            yield f"{name} is {months.ends[name]}"
    for table in ("roster_line", "wave_class", "spent_code", "sealed_batch"):
        if months.ends[table]:
            yield f"{months.ends[table]} rows of {table} are left"


def exercised(months: Months) -> dict[str, bool]:
    """What a simulation has to have had in it, or its checks had nothing to look at."""
    apart = {max(lived.opens.values()) - min(lived.opens.values()) for lived in months.waves}
    members = [lived.roll.members() for lived in months.waves]
    in_part = [
        0 < len(people & lived.roster.keys()) < len(people) - 1
        for lived, units in zip(months.waves, members, strict=True)
        for people in units.values()
    ]
    shown = {
        (cell["kind"], bool(cell["dimensions"]))
        for lived in months.waves
        if "rotation" not in months.rules[lived.plan.name]["contract"]
        for cell in cells_of(lived)
        if cell["status"] == "published"
    }
    return {
        "clocks changed at different times": len(apart) > 1,
        "units were sampled in parts": any(in_part),
        "units were moved, renamed, given up": len({repr(lived.roll.units) for lived in months.waves}) > 1,
        "people came and went": len({frozenset(lived.roll.people) for lived in months.waves}) > len(months.waves) / 2,
        "some were spared": any(turn.due & turn.weary for turn in turns(months)),
        "items, scales and indices were shown": {kind for kind, _ in shown} == {"item", "scale", "index"},
        "tenures were shown": ("item", True) in shown,
    }


OF_ALL: Mapping[str, Callable[[Months], Complaints]] = {
    "turns of items": taking_turns,
    "rosters": invited,
    "turns of people": stable,
    "the end": at_the_end,
}
OF_ONE: Mapping[str, Callable[[Months, Lived], Complaints]] = {
    "opening": opened,
    "items": asked,
    "contract": promised,
    "release": released,
    "destruction": over,
}
OF_CELLS: Mapping[str, Callable[[Truth, Sequence[Mapping[str, str]]], Complaints]] = {
    "cells": wrong_cells,
    "remainders": leaking,
    "rows": wrong_frame,
}
