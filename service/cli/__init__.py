"""The `pouls` command."""

import gc
import sys

import typer
from rich.console import Console
from rich.markup import escape

from service.cli import admin, audit, demo, external, local, protect, replay, serve, work
from service.kit.crypto import KeyMissing
from service.kit.migrate import RevisionUnknown
from service.kit.os_user import NoUnprivilegedUser
from service.kit.postgres import FolderInUse, StartFailed
from service.kit.roles import RolesMissing

app = typer.Typer(
    name="pouls",
    help="Diagnostic questionnaires, pulse surveys and anonymised aggregates.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback with local variables could show an answer or a key
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("work")(work.work)
app.command("replay")(replay.replay)
app.command("protect")(protect.protect)
app.command("audit")(audit.audit)
app.command("openapi")(admin.openapi)
app.add_typer(admin.db, name="db")
app.add_typer(admin.keys, name="keys")
app.add_typer(admin.tenants, name="tenants")

_EXPECTED: dict[type[Exception], str] = {
    local.AddressTaken: "{}",
    ConnectionError: "the database can not be reached",
    FolderInUse: "another Pouls process holds this data folder; stop it, then run this again",
    external.DatabaseUnfit: "{}",
    KeyMissing: "a key file is missing; run `pouls keys init` (file: {})",
    NoUnprivilegedUser: "{}",
    RevisionUnknown: "{}",
    RolesMissing: "{}",
    StartFailed: "{}",
    protect.ProtectFailed: "{}",
    replay.ReplayFailed: "{}",
}


def main() -> None:
    """Run; failures that a person can mend are one line, not a traceback."""
    # What is imported stays to the end: walking through it at each collection, and at the exit, takes most of a second.
    gc.freeze()
    try:
        app()
    except tuple(_EXPECTED) as error:
        sentence = next(text for kind, text in _EXPECTED.items() if isinstance(error, kind)).format(error)
        Console(stderr=True).print(f"[red]pouls:[/red] {escape(sentence)}", highlight=False, soft_wrap=True)
        sys.exit(1)
