"""`gouji token`: who may ask over HTTP."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from worker.cli.console import Json, out, print_json, say

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke tokens of the HTTP API.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the token.")]


class Scope(StrEnum):
    """What a token allows; Typer takes a list of choices only as an enumeration."""

    READ = "read"
    SUBMIT = "submit"
    REVIEW = "review"
    ADMIN = "admin"


@app.command()
def create(
    name: Name,
    scope: Annotated[
        list[Scope],
        typer.Option("--scope", "-s", help="What it allows; may be given again. All but read imply read."),
    ],
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3650, help="After how many days it ends.", show_default=False),
    ] = None,
) -> None:
    """Make a token and print it. It is shown this once: only its SHA-256 is kept."""
    from datetime import timedelta

    from worker.settings import load_settings
    from worker.store import Store

    with Store.open(load_settings()) as store:
        lifetime = timedelta(days=days) if days else None
        token = store.access.create_token(name, [each.value for each in scope], lifetime)
    say(f"{name}: keep it now, it is not shown again", "dim")
    typer.echo(token)


@app.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List all tokens: what they allow, when they were used last, and when they end."""
    from worker.settings import load_settings
    from worker.store import Store

    with Store.open(load_settings()) as store:
        records = store.access.list_tokens()
    if as_json:
        print_json([{**each._asdict(), **_moments(each._asdict())} for each in records])
        return
    if not records:
        out().print("No tokens. gouji token create NAME --scope read makes one.")
        return
    from rich.text import Text

    from worker.cli.lists import simple_grid

    grid = simple_grid("token", "scopes", "made", "ends", "last used")
    for each in records:
        ends = Text("revoked", "red") if each.revoked_at else Text(_day(each.expires_at) or "never")
        grid.add_row(
            Text(each.name), ", ".join(each.scopes), _day(each.added_at), ends, _day(each.used_at) or "never"
        )
    out().print(grid)


@app.command()
def revoke(name: Name) -> None:
    """Let a token be good for nothing from now on."""
    from worker.settings import load_settings
    from worker.store import Store

    with Store.open(load_settings()) as store:
        store.access.revoke_token(name)
    out().print(f"{name} is revoked", markup=False)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _moments(values: dict[str, object]) -> dict[str, str]:
    return {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
