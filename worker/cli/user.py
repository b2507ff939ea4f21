"""`gouji user`: who may work at the review desk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from worker.cli.console import Json, hint, out, print_json, say, stop
from worker.cli.stored import opened

if TYPE_CHECKING:
    from worker.users import Users

app = typer.Typer(no_args_is_help=True, help="Users of the review desk: add, list, password, role, disable.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user.", show_default=False)]
Role = Annotated[
    Literal["reader", "reviewer", "admin"],
    typer.Option(help="reader looks, reviewer decides, admin manages users."),
]


@app.command()
def add(name: Name, role: Role = "reviewer") -> None:
    """Add a user. The password is asked for, or read from standard input."""
    with _users() as users:
        users.add(name, role, _password())
    say(f"{name} may sign in as {role}")


@app.command("list")
def list_users(as_json: Json = False) -> None:
    """List the users."""
    with _users() as users:
        found = users.list()
    if as_json:
        print_json(
            [
                {"name": user.name, "role": user.role, "disabled": user.disabled, "seen_at": user.seen_at}
                for user in found
            ]
        )
        return
    from worker.cli.lists import simple_grid

    grid = simple_grid("name", "role", "last seen", "")
    for user in found:
        seen = f"{user.seen_at:%Y-%m-%d %H:%M}" if user.seen_at else "never"
        grid.add_row(user.name, user.role, seen, "disabled" if user.disabled else "")
    out().print(grid)
    if not found:
        hint("Add the first with `gouji user add NAME --role admin`.")


@app.command()
def password(name: Name) -> None:
    """Give a user another password, asked for or read from standard input; their sessions end."""
    with _users() as users:
        users.set_password(name, _password())
    say(f"{name} has another password")


@app.command()
def role(name: Name, role: Role) -> None:
    """Give a user another role, in force at once."""
    with _users() as users:
        users.set_role(name, role)
    say(f"{name} is {role} now")


@app.command()
def disable(
    name: Name, undo: Annotated[bool, typer.Option("--undo", help="Let the user in again.")] = False
) -> None:
    """Let a user in no more; their sessions end, what they did stays."""
    with _users() as users:
        (users.enable if undo else users.disable)(name)
    say(f"{name} may {'' if undo else 'not '}sign in")


@contextmanager
def _users() -> Iterator[Users]:
    from worker.users import Users

    with opened() as store:
        yield Users(store)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    found = getpass("Password: ")
    if getpass("Once more: ") != found:
        stop("the two differ; try again")
    return found
