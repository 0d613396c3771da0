"""Comments without what names a person: addresses, numbers and the names of the roster give way to one mark. Pure.

What this cannot catch: nicknames and initials, misspelt names, people who are not on the roster, names in scripts that
put no space between words, a first name that is an ordinary word where it begins a sentence, numbers written in words,
look-alike letters of another alphabet, and every description ("the only woman in the night shift"). It makes comments
safer to read and does not make them anonymous: that is what the partition of comments is for.

In doubt it takes away too much: a sum of five digits goes like a badge number, "12/03/2024" like a date of birth.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

MARK = "[…]"
"""Stands for everything that was taken away, whatever and however long it was."""

_Span = tuple[int, int]


class _PerCharacter(dict[int, str]):
    """A table for `str.translate` that is filled as characters are met."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        self[code] = self._of(chr(code))
        return self[code]


def _visible_char(char: str) -> str:
    """Drops controls, formats (zero width, bidirectional, tags) and half surrogates; separators become line feeds."""
    if char in "\n\t":
        return char
    if char in "\r\v\f\x85\u2028\u2029":
        return "\n"
    return "" if unicodedata.category(char) in {"Cc", "Cf", "Cs"} else char


# A letter for Python's patterns, though no letter of any word: what accents and invisible letters are folded to.
_ACCENT = "\u02d1"
_APOSTROPHES = "'\u2019\u2018\u02bc\u2032\u00b4`"
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_LIKE = (
    dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys("\u00b7\u2022\u2219\u22c5\u30fb\u3002", ".")
)
_LIKE |= dict.fromkeys("\u115f\u1160\u3164\uffa0\u17b4\u17b5", _ACCENT) | {"\t": " ", "\u2800": " "}
_LIKE |= {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i"}
_LIGATURES = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", _ACCENT: None})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue", "å": "aa", "Å": "aa"})
_KINDS = {"Mn": _ACCENT, "Mc": _ACCENT, "Me": _ACCENT, "Zs": " ", "Pd": "-"}


def _folded_char(char: str) -> str:
    """Each character as one plain character, so that places in the folded text are places in the author's."""
    digit = unicodedata.digit(char, None)
    plain = _LIKE.get(char) or _KINDS.get(unicodedata.category(char))
    if digit is not None or plain:
        return plain if digit is None and plain else str(digit)
    bare = "".join(one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one)).lower()
    if len(bare) == 1:
        return _LIKE.get(bare, bare)
    # A number of two digits in a circle still stands in a run of digits; ligatures are for words to spell out.
    return bare[-1] if bare.isdecimal() else char


_VISIBLE = _PerCharacter(_visible_char)
_FOLDED = _PerCharacter(_folded_char)
# No pattern goes back over what it has read: repeats are possessive, and begin where a run of their characters does.
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_AT_IN_BRACKETS = r" {0,2}[(\[{<] {0,2}(?:at|a|arobase?|@) {0,2}[)\]}>] {0,2}"
_DOT = r"(?: {0,2}[(\[{<] {0,2}(?:dot|point|\.) {0,2}[)\]}>] {0,2}| {1,2}dot {1,2}|\.)"
_DOMAIN = r"[\w-]++(?:\.[\w-]++)*?"
_TOP = r"(?:com|org|net|info|[a-z]{2})(?!\w)"
_ADDRESS = re.compile(rf"(?<!{_LOCAL}){_LOCAL}*+@(?=\w)(?:[.@-]*+\w++)*+")
_SPELT_OUT = (
    re.compile(rf"(?<!{_LOCAL}){_LOCAL}++{_AT_IN_BRACKETS}[\w-]++(?:{_DOT}[\w-]++)++"),
    re.compile(rf"(?<!{_LOCAL}){_LOCAL}++ {{1,2}}(?:at|arobase?|@) {{1,2}}[\w-]++(?:{_DOT}[\w-]++)*?{_DOT}{_TOP}"),
    re.compile(
        rf"(?<!{_LOCAL}){_LOCAL}++ {{1,2}}arobase? {{1,2}}[\w-]++(?: {{1,2}}point {{1,2}}[\w-]++)*? {{1,2}}point {_TOP}"
    ),
)
_SAID_AT = frozenset(["at", "arobas", "arobase"])
_IN_LINK = r"(?:[^\s<>\[\]…\".,;:!?)]|[.,;:!?)]++(?=[^\s<>\[\]…\".,;:!?)]))++"
_LINKS = (
    re.compile(rf"(?<!\w)(?:[a-z][a-z0-9+]{{1,15}}://|www\.)[^\s<>\[\]…\"/?#@]*+[/?#@]{_IN_LINK}"),
    re.compile(rf"(?<![\w.-]){_DOMAIN}\.(?:com|org|net|info|io|me|eu|fr|be|ch|ca|uk|de)/{_IN_LINK}"),
)
_DIGIT = re.compile(r"[0-9]")
_FEWEST_DIGITS = 4
_MONTH = (
    r"(?:janv?(?:ier|uary)?|fev(?:rier|r)?|feb(?:ruary)?|mars|mar(?:ch)?|avr(?:il)?|apr(?:il)?|mai|may|juin|june?|"
    r"juil(?:let)?|july?|aout|aug(?:ust)?|sept?(?:embre|ember)?|oct(?:obre|ober)?|nov(?:embre|ember)?|"
    r"dec(?:embre|ember)?)\.?"
)
_NUMBERS = (
    # How many digits make it one, and what it looks like: badges and runs of groups, telephones with wider gaps,
    # letters mixed in, bank accounts in groups of four, dates.
    (5, re.compile(rf"\+?[0-9](?:{_ACCENT}*+[ .-]?[0-9])*+")),
    (9, re.compile(rf"(?:\+ ?)?[0-9](?:{_ACCENT}*+(?:[ ./()_-]{{0,3}}|,)[0-9])*+")),
    (4, re.compile(r"(?<![^\W_])[^\W_]{8,}+")),
    (10, re.compile(r"(?<!\w)[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]{4}){2,8}(?:[ -]?[a-z0-9]{1,3})?(?!\w)")),
    (0, re.compile(r"(?<![0-9])[0-9]{1,2} ?[/.-] ?[0-9]{1,2} ?[/.-] ?(?:[0-9]{4}|[0-9]{2})(?![0-9])")),
    (0, re.compile(r"(?<![0-9])[0-9]{4} ?[/.-] ?[0-9]{1,2} ?[/.-] ?[0-9]{1,2}(?![0-9])")),
    (0, re.compile(rf"(?<![0-9])[0-9]{{1,2}}(?:er|st|nd|rd|th)?[ -](?:of )?{_MONTH}[ ,-]{{1,2}}[0-9]{{4}}(?![0-9])")),
    (0, re.compile(rf"(?<!\w){_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}(?![0-9])")),
)
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_WORD = re.compile(r"[a-z]+")
_ONE = rf"[^\W\d_{_ACCENT}]{_ACCENT}*+"
_LETTER_BY_LETTER = re.compile(rf"(?<![^\W\d_]){_ONE}(?:[ ._*-]{{1,3}}{_ONE}(?![^\W\d_])){{4,}}+")

_PARTICLE_LIST = """
a af al an av ben bin d da dal de dei del della den der des di dit dite dos du e el ep epouse i ibn jr l la las
le les lo los ne nee o of s sr t te ten ter und v van veuve vom von y zu zum zur
"""
_TITLE_LIST = """
docteur doctor dr drs frau herr m madame mademoiselle maitre me miss mister mlle mlles mm mme mmes monsieur mr mrs
ms pr prof professeur professor sir
"""
# Names that begin ordinary sentences. Short on purpose: at the beginning of a sentence these names stay.
_ORDINARY_LIST = """
aime ange april aube august aurore avril beau belle best better bien black blanc blanche blue bois bon bonne bref
bright brown brun cash chance chaque charity chef cher chere church claire cold comte constant content cook court
cousin cross day dernier desire dimanche doux droit early elle english espoir faible faith ferme fete fidele field
fine fleur fleurs forest fort franc francais france frank free friday froid gene general gentil gold good grace
grand grande grant gray green grey gris gros guy hand hard haut hill hiver hope house jamais janvier jaune jeudi
jeune joli jolie joy juillet juin june juste kind king lane late lent leur libre lieu little long lourd love lundi
mai maire maison major mal man marche marin mark mars matin may merci metier midi mieux miles min moine moins mon
monday more mot mur new noble noel noir north nouveau novembre octobre page parfait paris pas patience people
personne petit petite pierre place plaine plus pont port porte pour power premier price pride prince prudence
prudent quand queen quick rapide rich rien right roi rose rouge roux rue rush sage salle samedi sans second sharp
short silver small soleil son south souvent speed stone strange strong summer sun sunday sweet tard tellement that
ton tour tout travail trop valeur vendredi vert vieux ville vite voisin water west white wild will winter wise wood
work worth you young
"""
_PARTICLES = frozenset(_PARTICLE_LIST.split())
_TITLES = frozenset(_TITLE_LIST.split())
_ORDINARY = frozenset(_ORDINARY_LIST.split())
# Words of every day too: titles if written with a capital, and the first three if their full stop is there.
_TITLES_IF_WRITTEN_SO = ("m", "ms", "pr", "mm", "me", "miss", "sir")
_WITH_FULL_STOP = 3
_BETWEEN = frozenset([" ", "\u00a0", "\u202f", *_APOSTROPHES, *_DASHES])
_OPENING = frozenset([*_BETWEEN, *'\t"()*_«»', "\u201c", "\u201d", "\u2022", "\u00b7"])
_SHORTEST_ALONE = 3
_SHORTEST_SPELT = 5
_SINGLES = b"\1" * _SHORTEST_SPELT
_SHORTEST_JOINED = 8
_SHORTEST_PAIR = 4
_NEAR = 7
_WIDEST_GAP = 3


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a roster, made once and looked up word by word: never shown, not even by `repr`.

    `parts` are their words, folded; `pairs` any two words of one name, in either order, written together.
    """

    parts: frozenset[str] = field(repr=False)
    pairs: frozenset[str] = field(repr=False)
    longest: int = field(repr=False)

    @classmethod
    def of(cls, names: Iterable[str]) -> "Names":
        parts: set[str] = set()
        pairs: set[str] = set()
        for name in names:
            for words in _spellings(name):
                own = [word for word in words if word not in _PARTICLES]
                if len(own) < len(words):
                    joined = list(_joined(words))
                    parts.update(joined)
                    # "jean.delatour"
                    for part, whole in product(own[:_NEAR], joined[:_NEAR]):
                        pairs |= {part + whole, whole + part}
                    if len(own) == 1 and own[0] not in _ORDINARY:
                        # "Le Goff", "Do Van": all there is of the name.
                        own = words
                parts.update(own)
                for at, first in enumerate(own):
                    for second in own[at + 1 : at + _NEAR]:
                        if len(first) + len(second) >= _SHORTEST_PAIR:
                            pairs.add(first + second)
                            pairs.add(second + first)
        return cls(frozenset(parts), frozenset(pairs), max(map(len, parts), default=0))


def _spellings(name: str) -> Iterator[list[str]]:
    """The words of a name; once more where its umlauts may be written as two letters."""
    written = {name} if name.isascii() else {name, unicodedata.normalize("NFC", name).translate(_UMLAUTS)}
    for spelling in written:
        yield [word for word in _words(_folded(_visible(spelling))) if word and word not in _TITLES]


def _joined(words: list[str]) -> Iterator[str]:
    """Particles written together with what follows them: "Le Goff" as "legoff"."""
    before: list[str] = []
    for word in words:
        before.append(word)
        if word not in _PARTICLES:
            yield from ("".join(before[at:]) for at in range(max(0, len(before) - _NEAR), len(before) - 1))
            before = []


def cleaned(text: str, names: Names) -> str:
    """The comment with `MARK` in place of what names a person, and without invisible characters.

    Addresses, links to a page of somebody, handles, telephone and other long numbers, dates and the names of the
    roster are taken away; all else stays as its author wrote it. Cleaning what is clean changes nothing.
    """
    text = _visible(text)
    # What stands before a word can change how it is read, so it is read again until nothing is found. Each time less
    # is left outside the marks.
    while spans := _found(text, names):
        text = _without(text, spans)
    return text


def _without(text: str, spans: list[_Span]) -> str:
    """Marks in place of the spans: one for those that overlap or have only a space, hyphen or apostrophe between."""
    kept: list[str] = []
    end = 0
    for first, last in sorted(spans):
        between = text[end:first]
        if not kept or (first > end and (len(between) > 1 or between not in _BETWEEN)):
            kept += [between, MARK]
        end = max(end, last)
    return "".join([*kept, text[end:]])


def _found(text: str, names: Names) -> list[_Span]:
    """Everything to take away. Most comments hold nothing: what costs a search is only searched where it can be."""
    folded = _folded(text)
    words = _words(folded)
    forms: list[re.Pattern[str]] = []
    if "@" in folded:
        forms += [_ADDRESS, *_SPELT_OUT]
    elif "(a)" in folded or "[a]" in folded or not _SAID_AT.isdisjoint(words):
        forms += _SPELT_OUT
    if "/" in folded or "www." in folded:
        forms += _LINKS
    spans = [one.span() for form in forms for one in form.finditer(folded)]
    if len(_DIGIT.findall(folded)) >= _FEWEST_DIGITS:
        for fewest, form in _NUMBERS:
            spans += [one.span() for one in form.finditer(folded) if len(_DIGIT.findall(one.group())) >= fewest]
    if _SINGLES in bytes([min(len(word), 2) for word in words]):
        spans += _letter_by_letter(folded, names)
    if not (names.parts.isdisjoint(words) and names.pairs.isdisjoint(words)):
        spans += _named(text, folded, words, names)
    return spans


def _visible(text: str) -> str:
    return text if text.isprintable() else text.translate(_VISIBLE)


def _folded(text: str) -> str:
    if not text.isascii():
        for char in set(text):
            if char > "\x7f":
                text = text.replace(char, _FOLDED[ord(char)])
    return text.lower().replace("\t", " ").replace("`", "'")


def _words(folded: str) -> list[str]:
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return [_plain(word) for word in _WORD.findall(folded)]


def _plain(word: str) -> str:
    """A folded word in the letters that names are compared in: accents gone, ligatures as two letters."""
    if word.isascii():
        return word
    bare = unicodedata.normalize("NFKD", word.translate(_LIGATURES)).casefold()
    return "".join(char for char in bare if not unicodedata.combining(char))


def _letter_by_letter(folded: str, names: Names) -> list[_Span]:
    found = []
    for one in _LETTER_BY_LETTER.finditer(folded):
        run = _plain("".join(_WORD.findall(one.group())))
        if any(
            run[first:last] in names.parts
            for first in range(len(run))
            for last in range(first + _SHORTEST_SPELT, min(first + names.longest, len(run)) + 1)
        ):
            found.append(one.span())
    return found


def _named(text: str, folded: str, words: list[str], names: Names) -> list[_Span]:
    """Two parts of one name beside each other, and parts that stand as names."""
    spans: list[_Span] = []
    places = [match.span() for match in _WORD.finditer(folded)]
    for at, word in enumerate(words):
        if word not in names.parts and word not in names.pairs:
            continue
        start, end = places[at]
        first, titled = _before(text, folded, words, places, at, names)
        known = word in names.parts and word not in _PARTICLES
        if (
            first < at
            or (known and (titled or _is_name(word, text, start, end)))
            or (len(word) >= _SHORTEST_JOINED and word in names.pairs)
        ):
            spans.append((_with_particles(text, words, places, first, names), end))
    return spans


def _before(text: str, folded: str, words: list[str], places: list[_Span], at: int, names: Names) -> tuple[int, bool]:
    """The other part of its name that stands before a word, else the word itself; and whether a title does.

    Nothing but particles may be between.
    """
    for other in range(at - 1, max(at - _NEAR, -1), -1):
        gap = folded[places[other][1] : places[other + 1][0]]
        if len(gap) > _WIDEST_GAP or gap.strip(" -'.,_\n"):
            break
        if words[other] + words[at] in names.pairs:
            return other, False
        if words[other] in _TITLES:
            return at, _is_title(words[other], text, *places[other])
        if words[other] not in _PARTICLES:
            break
    return at, False


def _is_title(word: str, text: str, start: int, end: int) -> bool:
    if word not in _TITLES_IF_WRITTEN_SO or text[start].isupper():
        return True
    return word in _TITLES_IF_WRITTEN_SO[:_WITH_FULL_STOP] and text[end : end + 1] == "."


def _is_name(word: str, text: str, start: int, end: int) -> bool:
    """Whether a part of a name stands as one; letters that have no small form count as capitals."""
    if (len(word) < _SHORTEST_ALONE and word.isascii()) or text[start:end].islower():
        return False
    return word not in _ORDINARY or not _begins_sentence(text, start)


def _begins_sentence(text: str, start: int) -> bool:
    at = start
    while at and text[at - 1] in _OPENING:
        at -= 1
    if not at or text[at - 1] in "\n!?…":
        return True
    # An initial has its full stop too: "J. Petit".
    initial = at > 1 and text[at - 2].isupper() and (at == 2 or not text[at - 3].isalnum())  # noqa: PLR2004 - places
    return text[at - 1] == "." and not initial


def _with_particles(text: str, words: list[str], places: list[_Span], at: int, names: Names) -> int:
    """Where the name begins, with the particles right before it that are the roster's or have capitals ("La Tour")."""
    start = places[at][0]
    joined = words[at]
    for other in range(at - 1, max(at - _NEAR, -1), -1):
        first, end = places[other]
        joined = words[other] + joined
        if words[other] not in _PARTICLES or text[end:start] not in _BETWEEN:
            break
        if joined not in names.parts and not text[first].isupper():
            break
        start = first
    return start
