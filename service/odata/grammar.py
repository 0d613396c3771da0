"""A `$filter` as a tree: the part of OData's grammar that is understood here, with its precedence. Pure.

Written by hand, since the library `odata-query` asks for python-dateutil before version 3 and for a parser generator
that comes without a wheel, while recurrence needs the newer one and images are made of wheels alone. It would not know
a list of one value either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from service.odata.words import LITERALS, Token, Word, refuse, words

TERMS: Final = 100
DEPTH: Final = 50
_EQUALITY, _ORDER = ("eq", "ne"), ("gt", "ge", "lt", "le")
_OPERATORS = frozenset({*_EQUALITY, *_ORDER, "and", "or", "not", "in"})
_KNOWN_ELSEWHERE = frozenset({"add", "sub", "mul", "div", "divby", "mod", "has"})


@dataclass(frozen=True, slots=True)
class Name:
    """A property."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    word: Word
    value: Any
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of some arguments."""

    name: str
    args: tuple["Node", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: "Node"
    right: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Among:
    """That something is one of these."""

    left: "Node"
    values: tuple[Literal, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Both:
    """`and` or `or` of several."""

    operator: str
    terms: tuple["Node", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    term: "Node"
    at: int


Node = Name | Literal | Call | Compare | Among | Both | Not


def parsed(text: str) -> Node:
    """The tree of a filter. Raises Refused, naming the place."""
    return _Parser(list(words(text))).whole()


def names_in(node: Node) -> frozenset[str]:
    """The properties that a filter asks about."""
    if isinstance(node, Name):
        return frozenset({node.name})
    return frozenset().union(*map(names_in, _inside(node)))


def _inside(node: Node) -> tuple[Node, ...]:
    match node:
        case Call():
            return node.args
        case Compare():
            return (node.left, node.right)
        case Among():
            return (node.left,)
        case Both():
            return node.terms
        case Not():
            return (node.term,)
        case _:
            return ()


class _Parser:
    """One walk along the words. Loosest first: or, and, equality, order, in, not."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._terms = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        token = self._seen()
        if token.word is not Word.end:
            raise self._unexpected(token)
        return node

    def _seen(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _operator(self, *known: str) -> Token | None:
        """The next word, taken, where it is one of these operators."""
        token = self._seen()
        if token.word is Word.name and token.value in known:
            return self._take()
        return None

    def _sign(self, sign: str) -> bool:
        token = self._seen()
        if token.word is Word.sign and token.value == sign:
            self._next += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        token = self._seen()
        if not self._sign(sign):
            raise refuse(f"a {sign} is missing", token.at)

    def _unexpected(self, token: Token) -> Exception:
        if token.word is Word.end:
            return refuse("something is missing", token.at)
        if token.word is Word.name and token.value in _KNOWN_ELSEWHERE:
            return refuse("this operator is not supported", token.at)
        return refuse("this is not expected here", token.at)

    def _count(self, at: int) -> None:
        self._terms += 1
        if self._terms > TERMS:
            raise refuse(f"a filter has at most {TERMS} terms", at)

    def _either(self) -> Node:
        return self._several("or", self._both)

    def _both(self) -> Node:
        return self._several("and", self._equality)

    def _several(self, operator: str, tighter: Callable[[], Node]) -> Node:
        terms = [tighter()]
        at = self._seen().at
        while self._operator(operator):
            terms.append(tighter())
        return Both(operator, tuple(terms), at) if len(terms) > 1 else terms[0]

    def _equality(self) -> Node:
        return self._compared(_EQUALITY, self._order)

    def _order(self) -> Node:
        return self._compared(_ORDER, self._member)

    def _compared(self, operators: tuple[str, ...], tighter: Callable[[], Node]) -> Node:
        node = tighter()
        while (token := self._operator(*operators)) is not None:
            self._count(token.at)
            node = Compare(token.value, node, tighter(), token.at)
        return node

    def _member(self) -> Node:
        node = self._negated()
        token = self._operator("in")
        return node if token is None else Among(node, self._values(), token.at)

    def _values(self) -> tuple[Literal, ...]:
        self._expect("(")
        values = []
        while True:
            token = self._take() if self._seen().word in LITERALS else None
            if token is None:
                raise self._unexpected(self._seen())
            self._count(token.at)
            values.append(Literal(token.word, token.value, token.at))
            if not self._sign(","):
                self._expect(")")
                return tuple(values)

    def _negated(self) -> Node:
        token = self._operator("not")
        return self._primary() if token is None else Not(self._deeper(self._negated, token.at), token.at)

    def _deeper(self, inner: Callable[[], Node], at: int) -> Node:
        self._depth += 1
        if self._depth > DEPTH:
            raise refuse(f"a filter is at most {DEPTH} levels deep", at)
        node = inner()
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        token = self._seen()
        if token.word in LITERALS:
            self._next += 1
            return Literal(token.word, token.value, token.at)
        if self._sign("("):
            node = self._deeper(self._either, token.at)
            self._expect(")")
            return node
        if token.word is not Word.name or token.value in _OPERATORS:
            raise self._unexpected(token)
        self._next += 1
        return self._call(token) if self._sign("(") else Name(token.value, token.at)

    def _call(self, token: Token) -> Node:
        self._count(token.at)
        args: list[Node] = []
        if not self._sign(")"):
            args.append(self._deeper(self._either, token.at))
            while self._sign(","):
                args.append(self._deeper(self._either, token.at))
            self._expect(")")
        return Call(token.value, tuple(args), token.at)
