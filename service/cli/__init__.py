"""The `pouls` command."""

import gc
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command, get_group

from service.kit.mendable import Mendable

# By name: the module here, and what of it is the command, or the group of commands.
_COMMANDS = {
    "demo": ("demo", "demo"),
    "serve": ("serve", "serve"),
    "work": ("work", "work"),
    "replay": ("replay", "replay"),
    "protect": ("protect", "protect"),
    "audit": ("audit", "audit"),
    "audit-log": ("audit_log", "audit_log"),
    "questionnaire": ("questionnaire", "questionnaire"),
    "people": ("people", "people"),
    "openapi": ("admin", "openapi"),
    "bi": ("bi", "bi"),
    "db": ("admin", "db"),
    "keys": ("admin", "keys"),
    "tenants": ("tenant_end", "tenants"),
}


class _Found(Mapping[str, Any]):
    """Each module is imported when its command is asked for: a worker starts without what a replay needs."""

    def __getitem__(self, name: str) -> Any:
        module, part = _COMMANDS[name]
        found = getattr(import_module(f"service.cli.{module}"), part)
        if isinstance(found, typer.Typer):
            return get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Commands(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands: Any = _Found()


app = typer.Typer(
    name="pouls",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback with local variables could show an answer or a key
    add_completion=False,
)


@app.callback()
def pouls() -> None:
    """Diagnostic questionnaires, pulse surveys and anonymised aggregates."""


def main() -> None:
    """Run; failures that a person can mend are one line, not a traceback."""
    # What is imported stays to the end: walking through it at each collection, and at the exit, takes most of a second.
    gc.freeze()
    try:
        app()
    except Mendable as error:
        _stop(str(error))
    except ConnectionError:
        _stop("the database can not be reached")


def _stop(sentence: str) -> None:
    Console(stderr=True).print(f"[red]pouls:[/red] {escape(sentence)}", highlight=False, soft_wrap=True)
    sys.exit(1)
