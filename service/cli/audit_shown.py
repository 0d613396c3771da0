"""What `pouls audit` shows people: a bar while it works, then findings, an example in words, the verdict."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_ONLY = {
    "rows": "Only the rows were looked at: hashes, thresholds, and what a row leaves less its parts. Whether another "
    "combination of rows isolates fewer people can only be said with the table of people (--table, --plan).",
    "release": "Signature, hashes and printed numbers were looked at. Whether a combination of rows isolates fewer "
    "people was proved when the release was made; its answers can not be opened any more.",
}


def tell(said: Mapping[str, Any]) -> None:
    """Findings by family, each with an example if there is one, and the verdict."""
    if "public_key" in said:
        key, release = said["public_key"], said["release"]
        typer.echo(f"{release['campaign']}, wave {release['wave']}, released {release['released_at']}")
        typer.echo(f"judged together: {release['together']} release(s) of this wave")
        typer.echo("no certificate that holds" if key is None else f"the certificate's signature holds, by {key}")
    for sentence in said["wrong"]:
        typer.echo(f"wrong: {sentence}")
    for family, found in said["families"].items():
        proved = found["proved_at_once"] + found["proved_by_cases"]
        systems = f"{found['systems']:,} systems of " if "systems" in found else ""
        typer.echo(
            f"{family}: {found['verdict']}; {systems}{found['rows']:,} different rows, {found['small_classes']:,} "
            f"classes under {_or(found['k'])} people, {proved:,} proved"
        )
        if found["leak"] is not None:
            typer.echo(_example(found["leak"]))
    if said["by"] == "rows alone":
        typer.echo(_ONLY["release" if "public_key" in said else "rows"])
    typer.echo(f"verdict: {said['verdict']}")


def _or(k: int | list[int]) -> str:
    return str(k) if isinstance(k, int) else " or ".join(map(str, k))


def _example(leak: Mapping[str, Any]) -> str:
    rows = "".join(f"\n    {part['times']:>6} x {part['row']}" for part in leak["rows"])
    left = "".join(
        f"\n    {part['times']:>6} x the people with "
        + ", ".join(f"{column}={label}" for column, label in part["class"].items() if label)
        for part in leak["leave"]
    )
    return f"  these rows{rows}\n  add up to{left}\n  who are {leak['people']} people, fewer than {leak['k']}"


@contextmanager
def bar() -> Iterator[Any]:
    """A bar on standard error; it starts again with each system of equations."""
    shown = (TextColumn("small classes settled"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda settled, everything: progress.update(task, completed=settled, total=everything)
