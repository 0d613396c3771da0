"""Answers to one wave, as whole HTTP requests, each with a code of its own.

A code is a right and its MAC, and the intake looks none up: so the codes are issued here, under the key of the house,
and the wave needs no roster as long as the bench.
"""

import itertools
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from service.campaigns.codes import Codes, Right, place_of
from service.cli.client import body_of
from service.kit.crypto import read_key
from tests.bench import load, survey
from tests.bench.ground import Ground
from tests.bench.house import House, open_wave, organise

LEVELS = (10, 100, 500)
PEOPLE = 2_000
DRAWN = 2_000
"""Sets of answers that are drawn; more answers than that take them again."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What makes requests to one open wave."""

    codes: Codes
    place: bytes
    label: int
    bodies: tuple[tuple[bytes, bytes], ...]
    serials: Iterator[int]

    def take(self) -> Iterator[bytes]:
        """Requests without end, made one at a time. Each has a code and a nonce that were never sent before."""
        for serial, (before, after) in zip(self.serials, itertools.cycle(self.bodies), strict=False):
            code = self.codes.issue(Right(self.place, serial, self.label, expires_at=0)).encode()
            # The nonce is 22 letters, of which hexadecimal ones will do; the last has four spare bits.
            yield before + code + b'","nonce":"' + secrets.token_hex(11)[:21].encode() + b"A" + after

    def ready(self, count: int) -> list[bytes]:
        """So many of them, ready to be written."""
        return list(itertools.islice(self.take(), count))


def answers(earth: Ground, home: House, items: int) -> Answers:
    """A wave is launched, and everything is ready to answer it."""
    leaves = survey.leaves(LEVELS)
    organise(home, LEVELS, [(f"p{number}", leaves[number % len(leaves)]) for number in range(PEOPLE)])
    wave = UUID(open_wave(home, items)["id"])
    label = earth.sql("SELECT min(label) FROM wave_class WHERE wave_id = $1", wave)[0][0]
    codes = Codes(read_key(earth.settings.keys_dir / "api" / "intake.key"))
    place = place_of(home.tenant, wave)
    code = codes.issue(Right(place, 0, label, expires_at=0))
    bodies = tuple(_apart(code, request) for request in load.prepared(home.url, _bodies(code, items)))
    return Answers(codes, place, label, bodies, itertools.count(1))


def _bodies(code: str, items: int) -> list[bytes]:
    draw = random.Random(1).choices
    names = survey.item_ids(items)
    points = range(1, survey.POINTS + 1)
    return [body_of(code, bytes(16), dict(zip(names, draw(points, k=items), strict=True))) for _ in range(DRAWN)]


def _apart(code: str, request: bytes) -> tuple[bytes, bytes]:
    """What comes before the code, and after the nonce."""
    before, found, rest = request.partition(code.encode())
    assert found
    head = b'","nonce":"'
    assert rest.startswith(head)
    return before, rest[len(head) + 22 :]
