"""Measures as the engine is told of them, plain unless a test says otherwise."""

from typing import Any

from service.disclosure.measures import Measure

_PLAIN = {
    "sensitive": False,
    "alike": True,
    "gaps": None,
    "gates": (),
    "asks_skippers": False,
    "weights": (),
    "scores": (),
}


def a_measure(**fields: Any) -> Measure:
    """The measure, neither sensitive nor asked of some people alone where the test does not say so."""
    return Measure(**{**_PLAIN, **fields})
