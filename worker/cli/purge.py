"""`gouji purge`: take away what ended long ago."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.console import Json, err, hint, out, print_json, stop

if TYPE_CHECKING:
    from worker.retention import Purged

_UNITS = {"d": 1, "w": 7, "y": 365}
_LONGEST_DAYS = 36_500
_STEP = 1000


def purge(
    older_than: Annotated[
        str,
        typer.Option("--older-than", metavar="AGE", help="What ended longer ago goes: 90d, 12w, 2y."),
    ],
    batch: Annotated[
        str | None,
        typer.Option("--batch", "-b", metavar="NAME", help="Only this batch.", show_default=False),
    ] = None,
    with_unreviewed: Annotated[
        bool, typer.Option("--with-unreviewed", help="Documents with tables that wait for a person, too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and end.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take away documents and batches that ended long ago, and files that nothing speaks of any more.

    What is open stays, and so does a document that a younger batch has too. It cannot be undone.
    """
    before = datetime.now(UTC) - _age(older_than)
    if not (dry_run or yes or sys.stdin.isatty()):
        stop("there is no terminal to ask at; give --yes, or --dry-run to see what would go")
    from worker.retention import plan
    from worker.retention import purge as take_away
    from worker.settings import load_settings
    from worker.store import Store
    from worker.store.retention import Expired

    settings = load_settings()
    expired = Expired(before, batch, with_unreviewed)
    with Store.open(settings) as store:
        if dry_run or not yes:
            with err().status("looking"):
                found = plan(store, settings, expired)
            if dry_run:
                _tell(found, "would go", as_json)
                return
            err().print(_in_words(found, "will go"), markup=False)
            if found == found._replace(**dict.fromkeys(_COUNTED, 0)):
                return
            typer.confirm("Take it away for good?", abort=True, err=True)
        with err().status("taking away") as seen:

            def progress(so_far: Purged) -> None:
                seen.update(_in_words(so_far, "gone"))

            gone = take_away(store, settings, expired, progress=progress)
    _tell(gone, "gone", as_json)


_COUNTED = ("documents", "items", "batches", "files", "answers", "pages", "size")


def _age(given: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,6})([dwy])", given, re.ASCII)
    days = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= days <= _LONGEST_DAYS:
        raise typer.BadParameter(
            f"{given} is no age of a day or more, such as 90d, 12w or 2y", param_hint="--older-than"
        )
    return timedelta(days=days)


def _tell(what: Purged, how: str, as_json: bool) -> None:
    if as_json:
        print_json(what._asdict())
        return
    out().print(_in_words(what, how), markup=False)
    if what.unreviewed:
        hint("--with-unreviewed takes them too.")


def _in_words(what: Purged, how: str) -> str:
    from rich.filesize import decimal

    text = (
        f"{how}: {what.documents:,} documents, {what.batches:,} batches with {what.items:,} files; "
        f"{what.files:,} kept files, {what.answers:,} answers of models, pages of {what.pages:,} files, "
        f"{decimal(what.size)}"
    )
    if what.unreviewed:
        text += f"; {what.unreviewed:,} documents wait to be reviewed and stay"
    return text
