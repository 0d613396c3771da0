"""What a request asks for: system query options and headers, read strictly. Pure.

An option that nobody knows is refused, not ignored: a filter with a slip in its name would show everything.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from service.kit.accepted import MOST, QUALITY, TAG, languages
from service.odata.grammar import Node, names_in, parsed
from service.odata.model import EntitySet
from service.odata.refusals import NotAcceptable, Refused, Unsupported

PAGE: Final = 5000
MOST_SKIPPED: Final = 100_000
MOST_TAKEN: Final = 2**31 - 1
MOST_ORDERS: Final = 20
TOKEN_LENGTH: Final = 4000
LANGUAGE: Final = "language"
FORMAT: Final = "$format"
OF_ROWS: Final = frozenset(
    {"$select", "$orderby", "$filter", "$top", "$skip", "$count", "$skiptoken", FORMAT, LANGUAGE}
)
OF_ONE: Final = frozenset({"$select", FORMAT, LANGUAGE})
OF_COUNT: Final = frozenset({"$filter", "$top", "$skip", "$orderby", FORMAT, LANGUAGE})
OF_SERVICE: Final = frozenset({FORMAT, LANGUAGE})
_UNSUPPORTED: Final = frozenset(
    {"$expand", "$search", "$apply", "$compute", "$levels", "$index", "$deltatoken", "$schemaversion", "$id"}
)
_ORDER = re.compile(r"(\w+)(?:[ \t]+(asc|desc))?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_ANY = ("*/*", "application/*")


@dataclass(frozen=True, slots=True)
class Order:
    """A column to order by."""

    name: str
    falls: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that is asked of an entity set; of one entity, or of a count, what has a sense there.

    Attributes:
        select: the columns to show; None: all.
        top: rows wanted, all pages together; None: all.
        languages: those that a reader understands, the best first.
    """

    select: tuple[str, ...] | None = None
    orders: tuple[Order, ...] = ()
    filter: Node | None = None
    top: int | None = None
    skip: int = 0
    is_counted: bool = False
    token: str | None = None
    languages: tuple[str, ...] = ()

    def needed(self, entity_set: EntitySet) -> frozenset[str]:
        """Columns that are to be looked up."""
        shown = entity_set.by_name if self.select is None else self.select
        asked = frozenset() if self.filter is None else names_in(self.filter)
        return frozenset(shown) | asked | {order.name for order in self.orders}


def options(pairs: Iterable[tuple[str, str]], known: frozenset[str]) -> dict[str, str]:
    """The query's options by name, each given once. Raises Refused."""
    given = list(pairs)
    for name, times in Counter(name for name, _ in given).items():
        if name in _UNSUPPORTED:
            raise Unsupported(f"{name} is not supported.", name)
        if name not in known:
            raise Refused("There is a query option that is not known, or not here.")
        if times > 1:
            raise Refused(f"{name} must be given once.", name)
    return dict(given)


def asked(entity_set: EntitySet, given: Mapping[str, str], accepted: str | None) -> Asked:
    """What the options of an entity set mean. Raises Refused."""
    return Asked(
        select=_select(entity_set, given.get("$select")),
        orders=_orders(entity_set, given.get("$orderby")),
        filter=parsed(given["$filter"]) if "$filter" in given else None,
        top=_number("$top", given["$top"], MOST_TAKEN) if "$top" in given else None,
        skip=_number("$skip", given.get("$skip", "0"), MOST_SKIPPED),
        is_counted=_flag("$count", given.get("$count", "false")),
        token=_token(given.get("$skiptoken")),
        languages=_languages(given.get(LANGUAGE), accepted),
    )


def check_format(given: Mapping[str, str], accept: str | None) -> None:
    """Raises NotAcceptable where the caller takes no JSON; `$format` goes before the header."""
    if FORMAT in given:
        wanted = _media(given[FORMAT])
        if wanted not in {"json", "application/json"}:
            raise NotAcceptable("There is JSON alone.", FORMAT)
    elif accept is not None and accept.strip() and not any(_takes_json(part) for part in accept.split(",")):
        raise NotAcceptable("There is JSON alone.")


def check_version(most: str | None) -> None:
    """Raises Refused for a caller who understands no version from 4.0 on."""
    if most is None:
        return
    found = re.fullmatch(r"\s*([0-9]{1,3})\.([0-9]{1,3})\s*;?.*", most, re.ASCII)
    if found is None or int(found[1]) < 4:  # noqa: PLR2004 - the protocol's version here
        raise Refused("OData-MaxVersion must be 4.0 or later.", "OData-MaxVersion")


def page_size(prefer: str | None) -> int | None:
    """Rows that the caller would rather have in a page, by `Prefer: odata.maxpagesize`, if there may be so many."""
    found = re.search(
        r"(?:^|[,;\s])(?:odata\.)?maxpagesize\s*=\s*\"?([0-9]{1,9})", prefer or "", re.ASCII | re.IGNORECASE
    )
    return max(1, min(PAGE, int(found[1]))) if found else None


def _media(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _takes_json(part: str) -> bool:
    media, _, parameters = part.partition(";")
    refused = any((found := QUALITY.fullmatch(one)) and float(found[1]) == 0 for one in parameters.split(";"))
    return media.strip().lower() in {*_ANY, "application/json"} and not refused


def _select(entity_set: EntitySet, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    for number, name in enumerate(names, 1):
        if name != "*" and name not in entity_set.by_name:
            raise Refused(f"$select, entry {number}: {entity_set.name} has no such property.", "$select")
    return None if "*" in names else tuple(dict.fromkeys(names))


def _orders(entity_set: EntitySet, text: str | None) -> tuple[Order, ...]:
    if text is None:
        return ()
    entries = text.split(",")
    if len(entries) > MOST_ORDERS:
        raise Refused(f"$orderby has at most {MOST_ORDERS} entries.", "$orderby")
    orders: dict[str, Order] = {}
    for number, entry in enumerate(entries, 1):
        found = _ORDER.fullmatch(entry.strip())
        if found is None:
            raise Refused(f"$orderby, entry {number}: must be a property, then asc or desc.", "$orderby")
        if found[1] not in entity_set.by_name:
            raise Refused(f"$orderby, entry {number}: {entity_set.name} has no such property.", "$orderby")
        orders.setdefault(found[1], Order(found[1], found[2] == "desc"))
    return tuple(orders.values())


def _number(name: str, text: str, most: int) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise Refused(f"{name} must be a whole number from 0 to {most}.", name)
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text not in {"true", "false"}:
        raise Refused(f"{name} must be true or false.", name)
    return text == "true"


def _token(text: str | None) -> str | None:
    if text is not None and not 0 < len(text) <= TOKEN_LENGTH:
        raise Refused("$skiptoken is not one of ours.", "$skiptoken")
    return text


def _languages(option: str | None, accepted: str | None) -> tuple[str, ...]:
    """The option alone, where it is given; else what the header says, by its qualities."""
    if option is not None:
        tags = option.split(",")
        if len(tags) > MOST or not all(TAG.fullmatch(tag) for tag in tags):
            raise Refused("language must be a tag such as fr or fr-CA, or some, the best first: de,fr.", LANGUAGE)
        return tuple(tags)
    return languages(accepted)
