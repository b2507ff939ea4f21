"""The command `gouji`. One module a command; what is heavy is imported when a command runs."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated

import typer

from worker.cli.batches import cancel, resume, retry, status, submit, sweep
from worker.cli.console import USAGE, say
from worker.cli.desk import desk
from worker.cli.doctor import doctor
from worker.cli.exporting import export
from worker.cli.extract import extract
from worker.cli.findings import findings
from worker.cli.kinds import kinds
from worker.cli.purge import purge
from worker.cli.show import show
from worker.cli.token import app as token
from worker.cli.user import app as user
from worker.cli.work import work

__all__ = ["app", "main"]

GROUP = "gouji.commands"
"""Entry points of this group are sub-commands of other packages: a Typer app, or a function."""

app = typer.Typer(
    name="gouji",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(extract)
app.command()(submit)
app.command()(status)
app.command()(cancel)
app.command()(resume)
app.command()(retry)
app.command()(show)
app.command()(findings)
app.command()(export)
app.command()(kinds)
app.command()(doctor)
app.command("worker")(work)
app.command()(sweep)
app.command()(desk)
app.add_typer(token, name="token")
app.add_typer(user, name="user")
app.command()(purge)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gouji {version('gouji')}")
        raise typer.Exit


@app.callback()
def gouji(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Reads tables out of messy documents and holds them to their own arithmetic.

    Exit codes: 0 all documents processed, 1 some failed, 2 usage or settings at fault.
    State lies under GOUJI_HOME; [bold]gouji doctor[/bold] shows all settings.
    """


def main() -> None:
    """Run the command line. Errors that the project raises on purpose become one line and an exit code."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        _add(point)
    try:
        app()
    except Exception as error:
        from schemas import ConfigError, GoujiError

        if not isinstance(error, GoujiError | OSError):
            raise
        say(f"gouji: {error}", "red")
        sys.exit(USAGE if isinstance(error, ConfigError) else 1)


def _add(point: EntryPoint) -> None:
    try:
        found = point.load()
    # A package that does not load must not take the other commands with it.
    except Exception as error:
        say(f"gouji: command {point.name} of {point.value} does not load: {error}", "yellow")
        return
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=point.name)
    else:
        app.command(point.name)(found)
