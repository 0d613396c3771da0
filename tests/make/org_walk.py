"""Random acts upon an organisation, drawn with an eye on what is there, so that most of them can be done."""

from random import Random
from typing import Any

from tests.make.org_oracle import Organisation
from tests.make.org_reorganised import Person, Unit

Json = dict[str, Any]
ROOT = "TOP"
TEAMS = {"A": 8, "B": 6, "C": 5}
UNITS = [ROOT, *TEAMS, "U1", "U2", "U3"]
PROJECTS = ["X", "Y"]
PEOPLE = [f"{team}-{number}" for team, size in TEAMS.items() for number in range(size)] + ["N1", "N2", "N3"]


def an_act(random: Random, org: Organisation) -> Json:
    """What to do next."""
    kinds = {"units": 4, "people": 3, "reorganise": 5, "days": 5, "file": 2, "undo": 2, "cancel": 1, "wave": 1}
    kind = random.choices([*kinds], [*kinds.values()])[0]
    draw = {"units": _units, "people": _people, "reorganise": _reorganisation, "file": _file}
    if kind in draw:
        return {"do": kind} | draw[kind](random, org)
    if kind == "days":
        return {"do": kind, "count": random.choice([1, 1, 2, 4])}
    return {"do": kind} if kind == "wave" else {"do": kind, "number": random.choice([-1, -1, -1, 0])}


def _since(random: Random, org: Organisation) -> Json:
    """Mostly today without saying so; sometimes late, seldom too early to be told."""
    drawn = random.random()
    if drawn < 0.55:
        return {}
    return {"valid_from": org.today + 1 if drawn > 0.97 else random.randint(-2, org.today)}


def _living(random: Random, org: Organisation) -> str:
    """A unit that is there, or for once whichever."""
    there = [name for name, unit in org.tree().items() if unit.active and unit.hierarchy == "line"]
    return random.choice(there if there and random.random() < 0.9 else [*UNITS, "X", "nowhere"])


def _units(random: Random, org: Organisation) -> Json:
    rows = []
    merged = [name for name, unit in org.tree().items() if unit.merged]
    for name in random.sample([*UNITS[1:], *PROJECTS], random.randint(1, 3)):
        project = name in PROJECTS and random.random() < 0.95
        parent = random.choice([None, "X", "Y"]) if project else _living(random, org)
        if merged and not project and random.random() < 0.15:
            parent = random.choice(merged)
        held = org.tree().get(name)
        row: Json = {"external_id": name, "name": random.choice(["old", "new", f"Team {name}"]), "parent": parent}
        if held and random.random() < 0.2:  # as it is, or as it was
            held = org.tree(random.randint(0, org.today)).get(name) or held
            row |= {"name": held.name, "parent": held.parent}
        row |= {"hierarchy": "project"} if project else {}
        row |= {"manager": random.choice(["A-1", "nobody"])} if random.random() < 0.2 else {}
        row |= {"active": False} if random.random() < (0.5 if held and held.merged else 0.1) else {}
        rows.append(row | _since(random, org))
    turned = _hung(org)
    if turned and random.random() < 0.25:  # what was above another is told late to have been below it
        day, top, name, now = random.choice(turned)
        rows = [row for row in rows if row["external_id"] not in (top, name)]
        rows += [{"external_id": name, "name": "up", "parent": ROOT}] if now else []
        since = day - (random.random() < 0.2)
        rows.append({"external_id": top, "name": "turned", "parent": name, "valid_from": since})
    return {"rows": rows, "skip": random.random() < 0.5}


def _hung(org: Organisation) -> list[tuple[int, str, str, bool]]:
    """Days before today, two units of the line, one above the other then, and whether it still is."""
    now, found = org.tree(), set()
    mine = {name for name, unit in now.items() if unit.hierarchy == "line" and not unit.merged}
    for day in range(org.today):
        then = org.tree(day)
        for name in mine:
            found |= {(day, top, name, top in _above(name, now)) for top in _above(name, then) & mine - {ROOT}}
    return sorted(found)


def _above(name: str, units: dict[str, Unit]) -> set[str]:
    found: set[str] = set()
    while name in units and (parent := units[name].parent) is not None:
        found.add(parent)
        name = parent
    return found


def _people(random: Random, org: Organisation) -> Json:
    rows, homes = [], org.homes()
    late = [who for who in homes if org.people[who].since(org.today) > 0]  # in their place, or there at all
    named = random.sample(PEOPLE, random.randint(1, 3)) + random.sample(late, min(len(late), random.randint(0, 2)))
    for who in dict.fromkeys(named):
        person, since = Person(_living(random, org), random.random() < 0.8), _since(random, org)
        if who in homes and random.random() < (0.6 if who in late else 0.2):  # as they are
            person, since = homes[who], {"valid_from": random.randint(-1, org.today)}
        row = {"external_id": who, "unit": person.unit} | ({} if person.active else {"active": False})
        rows.append(row | since)
    return {"rows": rows, "skip": random.random() < 0.5}


def _reorganisation(random: Random, org: Organisation) -> Json:
    body: Json = {}
    free = [name for name in UNITS[1:] if random.random() < 0.9]
    random.shuffle(free)
    kinds = random.sample(["moves", "merges", "splits"], random.choice([1, 1, 2, 3]))
    if "merges" in kinds:
        gone = [_living(random, org) for _ in range(random.choice([1, 1, 2]))]
        gone = sorted({name for name in gone if name != ROOT} or {"C"})
        into = _living(random, org)
        if into in gone:
            into = ROOT
        body["merges"] = [{"units": gone, "into": into}]
        free = [name for name in free if name not in gone]
    if "moves" in kinds and free:
        unit = free.pop()
        parent = _living(random, org)
        taken = {name for merge in body.get("merges", []) for name in merge["units"]}
        body["moves"] = [{"unit": unit, "parent": None if parent in taken else parent}]
    if "splits" in kinds and free:
        unit = free.pop()
        homes = org.homes()
        inside = sorted(who for who, person in homes.items() if person.unit == unit)
        people = random.sample(inside, random.randint(0, min(3, len(inside))))
        people += ["N1"] if random.random() < 0.05 and "N1" not in people else []
        body["splits"] = [{"unit": unit, "parts": [{"external_id": f"S{random.randint(1, 9)}", "name": "part",
                                                    "people": people}]}]  # fmt: skip
    on = org.today + random.choice([0, 0, 0, 1, 2, 3, 5, -1] if random.random() < 0.5 else [0, 1, 2])
    return {"body": body, "on": on, "dry_run": random.random() < 0.1}


def _file(random: Random, org: Organisation) -> Json:
    full = random.random() < 0.4
    homes = org.homes()
    named = random.sample(PEOPLE, random.randint(len(PEOPLE) - 4, len(PEOPLE)) if full else random.randint(1, 4))
    lines = []
    for who in named:
        held = homes.get(who)
        line = {"person": who, "unit": held.unit if held and random.random() < 0.8 else _living(random, org),
                "active": held.active if held else True}  # fmt: skip
        if random.random() < 0.15:
            new = random.choice(["U1", "U2", "U3"])
            line |= {"unit": new, "name": f"Made {new}", "parent": "A" if new == "U1" else ROOT, "active": True}
        lines.append(line)
    return {"lines": lines, "full": full, "dry_run": random.random() < 0.1}
