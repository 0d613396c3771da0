"""Conditions as foreign files write them, read into facts about single questions joined by and, or and not. Pure.

Three dialects share one grammar; they differ in how they name a question and in some words.
"""

import re
from typing import NamedTuple, TypeAlias

MAX_TOKENS = 400
MAX_NESTED = 20
MAX_LENGTH = 5_000


class NotExpressible(Exception):
    """The condition says what a condition of ours can not; the text says what, and repeats nothing of it."""


class Fact(NamedTuple):
    """What is asked of the answer to one question: `=`, `!=`, `<`, `<=`, `>`, `>=`, `has`, `any`, `all`, `empty`."""

    name: str
    asks: str
    values: tuple[str, ...] = ()


class Joined(NamedTuple):
    how: str
    """`and`, `or`, or `not` of the one."""
    parts: tuple["Expression", ...]


Expression: TypeAlias = "Fact | Joined"


class Dialect(NamedTuple):
    """How a question is named, and which functions of one question (and a value) there are."""

    name: re.Pattern[str]
    functions: dict[str, str]


# Every repetition is bounded: whoever writes a condition also chooses how long it takes to read.
XLSFORM = Dialect(re.compile(r"\$\{\s{0,9}([^{}\s]{1,200})\s{0,9}\}"), {"selected": "has"})
SURVEYJS = Dialect(re.compile(r"\{[ $#]{0,9}([A-Za-z0-9_.\-\[\]]{1,200}) {0,9}\}"), {})
_WORDS_OF_LIMESURVEY = r"(?!(?:and|or|not|eq|ne|lt|le|gt|ge|is_empty)\b)"
LIMESURVEY = Dialect(
    re.compile(
        _WORDS_OF_LIMESURVEY + r"(?=[0-9]{0,30}[a-z_])([a-z0-9_]{1,100})(?:\.(?:NAOK|code|value))?(?![\w(.])",
        re.IGNORECASE | re.ASCII,
    ),
    {"is_empty": "empty"},
)

_STRING = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?(?![\w.])", re.ASCII)
_SIGN = re.compile(r"==|!=|<>|<=|>=|&&|\|\||[=<>!()\[\],]|[A-Za-z_][A-Za-z_\-]{0,40}(?!\w)")
_MEANS = {
    "==": "=", "eq": "=", "equal": "=", "equals": "=", "<>": "!=", "ne": "!=", "notequal": "!=", "lt": "<", "less": "<",
    "gt": ">", "greater": ">", "le": "<=", "lessorequal": "<=", "ge": ">=", "greaterorequal": ">=", "&&": "and",
    "||": "or", "!": "not", "contains": "has", "contain": "has", "notcontains": "lacks", "notcontain": "lacks",
    "anyof": "any", "allof": "all", "noneof": "none", "notempty": "filled",
}  # fmt: skip
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COMPARE = frozenset({*_FLIPPED, "has", "lacks", "any", "all", "none"})
_UNARY = frozenset({"empty", "filled"})
_TOO_LONG = "is longer than a condition of ours may be"
_OTHERWISE = "is written in a way that a condition of ours can not be"


class _Token(NamedTuple):
    kind: str
    """`name`, `value` or `sign`."""
    text: str


def read(text: str, dialect: Dialect) -> Expression:
    """The condition. Raises NotExpressible."""
    if len(text) > MAX_LENGTH:
        raise NotExpressible(_TOO_LONG)
    reader = _Reader(_tokens(text, dialect), dialect)
    found = reader.either(0)
    if reader.left:
        raise NotExpressible(_OTHERWISE)
    return found


def _tokens(text: str, dialect: Dialect) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif match := _STRING.match(text, at):
            found.append(_Token("value", match[1] if match[1] is not None else match[2]))
            at = match.end()
        elif match := _NUMBER.match(text, at):
            found.append(_Token("value", match[0]))
            at = match.end()
        elif match := dialect.name.match(text, at):
            found.append(_Token("name", match[1]))
            at = match.end()
        elif match := _SIGN.match(text, at):
            found.append(_Token("sign", _MEANS.get(match[0].lower(), match[0].lower())))
            at = match.end()
        else:
            raise NotExpressible(_OTHERWISE)
        if len(found) > MAX_TOKENS:
            raise NotExpressible(_TOO_LONG)
    return found


class _Reader:
    """Recursive descent, so deep at most."""

    def __init__(self, tokens: list[_Token], dialect: Dialect) -> None:
        self._tokens = tokens
        self._dialect = dialect
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._tokens)

    def either(self, depth: int) -> Expression:
        if depth > MAX_NESTED:
            raise NotExpressible("is nested deeper than a condition of ours may be")
        return self._joined("or", depth)

    def _joined(self, how: str, depth: int) -> Expression:
        parts = [self._joined("and", depth) if how == "or" else self._one(depth)]
        while self._take(how):
            parts.append(self._joined("and", depth) if how == "or" else self._one(depth))
        return parts[0] if len(parts) == 1 else Joined(how, tuple(parts))

    def _one(self, depth: int) -> Expression:
        if depth > MAX_NESTED:
            raise NotExpressible("is nested deeper than a condition of ours may be")
        if self._take("not"):
            return Joined("not", (self._one(depth + 1),))
        if self._take("("):
            inner = self.either(depth + 1)
            self._need(")")
            return inner
        return self._fact()

    def _fact(self) -> Fact:
        token = self._next()
        if token.kind == "sign" and token.text in self._dialect.functions:
            return self._function(self._dialect.functions[token.text])
        if token.kind == "value":
            sign, name = self._next(), self._next()
            if sign.text not in _FLIPPED or name.kind != "name":
                raise NotExpressible(_OTHERWISE)
            return Fact(name.text, _FLIPPED[sign.text], (token.text,))
        if token.kind != "name":
            raise NotExpressible(_OTHERWISE)
        sign = self._next()
        if sign.kind == "sign" and sign.text in _UNARY:
            return Fact(token.text, sign.text)
        if sign.kind != "sign" or sign.text not in _COMPARE:
            raise NotExpressible(_OTHERWISE)
        return Fact(token.text, sign.text, self._values())

    def _function(self, asks: str) -> Fact:
        self._need("(")
        name = self._next()
        if name.kind != "name":
            raise NotExpressible(_OTHERWISE)
        values: tuple[str, ...] = ()
        if asks != "empty":
            self._need(",")
            values = (self._value(),)
        self._need(")")
        return Fact(name.text, asks, values)

    def _values(self) -> tuple[str, ...]:
        if not self._take("["):
            return (self._value(),)
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._need("]")
        return tuple(values)

    def _value(self) -> str:
        token = self._next()
        if token.kind != "value" and token.text not in {"true", "false"}:
            raise NotExpressible("compares one answer with another, or with something computed")
        return token.text

    def _next(self) -> _Token:
        if not self.left:
            raise NotExpressible(_OTHERWISE)
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, text: str) -> bool:
        taken = self.left and self._tokens[self._at] == _Token("sign", text)
        self._at += taken
        return taken

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise NotExpressible(_OTHERWISE)
