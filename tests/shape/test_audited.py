"""Every operation that changes something writes down who did it; read off the code that each can reach."""

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from service.routes import ROUTERS
from service.tenants.actions import audit

# What changes nothing that is administered, or nothing at all, each with the reason.
NO_ACT = {
    "campaigns.forecast": "nothing is written",
    "participations.create": "a person takes part; who does is no act of an administrator, and is not to be logged",
    "questionnaires.import": "nothing is written: what was read is sent back",
    "questionnaires.validate": "nothing is written",
    "responses.context": "nothing is written",
    "responses.kiosk": "a person takes part",
    "responses.sign_in": "a person takes part",
    "oauth.token": "a key proves itself; its making is the act",
}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def operations() -> Iterator[APIRoute]:
    for mounted in ROUTERS:
        for route in mounted.router.routes:
            if isinstance(route, APIRoute) and route.methods & WRITES:
                yield route


def codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def named_in(function: FunctionType) -> Iterator[Any]:
    """What of ours a function's code names: its globals, and what it asks of modules and classes among them."""
    names = {name for code in codes(function.__code__) for name in code.co_names}
    found = [function.__globals__[name] for name in names if name in function.__globals__]
    yield from found
    for one in found:
        if isinstance(one, ModuleType) and one.__name__.startswith("service"):
            yield from (getattr(one, name) for name in names if hasattr(one, name))


def functions_of(thing: Any) -> Iterator[FunctionType]:
    inner = inspect.unwrap(thing) if callable(thing) else thing
    if isinstance(inner, FunctionType) and inner.__module__.startswith("service"):
        yield inner
    elif isinstance(thing, type) and thing.__module__.startswith("service"):
        yield from (one for one in vars(thing).values() if isinstance(one, FunctionType))


@cache
def reaches(function: FunctionType) -> bool:
    """Whether a call of `audit` can be reached from it."""
    seen: set[FunctionType] = set()
    left = [function]
    while left:
        one = left.pop()
        if one is audit:
            return True
        if one not in seen:
            seen.add(one)
            left += [inner for thing in named_in(one) for inner in functions_of(thing)]
    return False


def silent(routes: Iterator[APIRoute]) -> set[str]:
    return {str(route.operation_id) for route in routes if not reaches(route.endpoint)}


def test_every_operation_that_changes_something_is_audited() -> None:
    assert silent(operations()) == NO_ACT.keys() & {str(route.operation_id) for route in operations()}


def test_the_reasons_are_of_operations_that_there_are() -> None:
    assert set(NO_ACT) <= {str(route.operation_id) for route in operations()}


def test_an_operation_that_nobody_writes_down_would_be_found() -> None:
    router = APIRouter()

    def does_nothing() -> None:
        """Changes something, as it were."""

    def change() -> None:
        """Says nothing of it."""
        does_nothing()

    router.post("/change", operation_id="things.change")(change)
    (route,) = router.routes
    assert isinstance(route, APIRoute)
    assert silent(iter([route])) == {"things.change"}


def test_the_walk_knows_an_act_that_is_two_modules_away() -> None:
    from service.tenants.router import create_api_key, list_api_keys  # noqa: PLC0415 - these two alone

    reached: Callable[[Any], bool] = reaches
    assert reached(create_api_key)
    assert not reached(list_api_keys)
