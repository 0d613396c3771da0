"""What `Accept-Language` and `Accept-Encoding` ask for (RFC 9110, 12.5). Pure."""

import re

MOST = 10
_LONGEST = 1000
TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.ASCII | re.IGNORECASE)


def languages(header: str | None) -> tuple[str, ...]:
    """The tags by their qualities, the best first; without `*`, and without what is no tag or refused (`q=0`)."""
    found = []
    for place, part in enumerate((header or "")[:_LONGEST].split(",")):
        tag, _, parameters = part.partition(";")
        quality = QUALITY.fullmatch(parameters) if parameters else None
        weight = float(quality[1]) if quality else 1.0
        if TAG.fullmatch(tag.strip()) and weight > 0:
            found.append((-weight, place, tag.strip()))
    return tuple(tag for _, _, tag in sorted(found))[:MOST]


def accepts(header: str | None, coding: str) -> bool:
    """Whether an `Accept-Encoding` names a coding, and does not refuse it (`q=0`)."""
    for part in (header or "")[:_LONGEST].split(","):
        name, _, parameters = part.partition(";")
        quality = QUALITY.fullmatch(parameters) if parameters else None
        if name.strip().lower() == coding and (quality is None or float(quality[1]) > 0):
            return True
    return False
