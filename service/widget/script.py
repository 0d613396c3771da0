"""The built scripts as they are sent: read once, compressed once, named by its digest."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent / "static"
Name = Literal["pouls", "result"]
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Script:
    """One build of the script.

    Attributes:
        version: the first 16 digits of its SHA-256.
        integrity: as HTML's `integrity` has it (SHA-384).
    """

    plain: bytes
    compressed: bytes
    version: str
    integrity: str


@cache
def script(name: Name) -> Script:
    """The one that this version of Pouls comes with: `pouls` has the pulse, `result` the card of results."""
    plain = (FOLDER / f"{name}.js").read_bytes()
    return Script(
        plain=plain,
        compressed=gzip.compress(plain, 9, mtime=0),
        version=hashlib.sha256(plain).hexdigest()[:_DIGITS],
        integrity="sha384-" + base64.b64encode(hashlib.sha384(plain).digest()).decode("ascii"),
    )
