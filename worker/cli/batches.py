"""`gouji submit`, `status`, `cancel`, `resume`, `retry`, `sweep`: archives that take longer than one waits for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.console import OK, SOME_FAILED, Json, err, hint, out, print_json, say

if TYPE_CHECKING:
    from rich.table import Table

    from worker.settings import Settings
    from worker.store import BatchRecord, ItemRecord, Store

_SHOWN = 10
_EVERY_S = 2.0

Name = Annotated[str, typer.Argument(metavar="BATCH", help="Name of the batch.")]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget-usd", metavar="USD", help="Pause when calls have cost so much.", show_default=False
    ),
]


def submit(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Files, folders, archives, patterns, URLs.", show_default=False),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option("--batch", "-b", help="Name of the batch; by default that of the first path."),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority", "-p", min=1, max=9, help="1 to 9; each step doubles the share. By default 5."
        ),
    ] = None,
    budget: Budget = None,
    llm_batch: Annotated[
        bool,
        typer.Option(
            "--llm-batch", help="It can wait: ask the model by jobs of the batch API, at half the price."
        ),
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="CSV of further files.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Queue an archive for the workers, and come back at once.

    Given again, only what is new or has changed is queued: a submission that was interrupted is simply repeated.
    """
    from worker.batch import submit as enter
    from worker.settings import load_settings
    from worker.store import Store

    if not paths and not manifest:
        raise typer.BadParameter("Missing argument: give files, or a --manifest", param_hint="PATH")
    settings = load_settings()
    if llm_batch and settings.readers == "layout":
        raise typer.BadParameter("there is no model to wait for; set GOUJI_MODEL", param_hint="--llm-batch")
    name = batch or _name_of(paths[0] if paths else str(manifest))
    with Store.open(settings) as store, err().status("entering files") as seen:
        done = enter(
            paths or [],
            store,
            settings,
            name,
            priority=priority,
            budget=_dollars(budget),
            llm_batch=llm_batch,
            manifest=manifest,
            progress=lambda number: seen.update(f"entering files: {number:,}"),
        )
    refused = [problem for each in done for problem in each.refused]
    for problem in refused:
        say(f"not entered: {problem}", "red")
    if as_json:
        print_json([each._asdict() for each in done])
    else:
        for each in done:
            known = f", {each.known:,} were there already" if each.known else ""
            out().print(f"{each.batch}: {each.new:,} files queued{known}", markup=False)
        hint("gouji status shows how far they are.")
        if not settings.broker_url:
            hint("No broker is set: gouji worker works through them in one process.")
    raise typer.Exit(SOME_FAILED if refused else OK)


def _name_of(path: str) -> str:
    name = path.rstrip("/").rpartition("/")[2]
    for ending in (".zip", ".tar", ".tgz", ".tar.gz", ".tar.zst", ".csv"):
        name = name.removesuffix(ending)
    return name or "files"


def _dollars(given: str | None) -> Decimal | None:
    if given is None:
        return None
    try:
        value = Decimal(given)
    except InvalidOperation:
        value = Decimal(0)
    if not (value.is_finite() and 0 < value < 1_000_000):
        raise typer.BadParameter(f"{given} is no amount of dollars, such as 12.50", param_hint="--budget-usd")
    return value


def status(
    batch: Annotated[
        str | None,
        typer.Argument(metavar="BATCH", help="One batch, with what failed in it.", show_default=False),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Stay, and show it anew until it is done.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how far the batches are: files, tables, tokens, cost, rate and time left."""
    from worker.settings import load_settings
    from worker.store import Store

    with Store.open(load_settings()) as store:
        if watch and out().is_terminal:
            from rich.live import Live

            with Live(_grid(store.list_batches(batch)), console=out(), auto_refresh=False) as live:
                while any(record.status == "open" for record in store.list_batches(batch)):
                    time.sleep(_EVERY_S)
                    live.update(_grid(store.list_batches(batch)), refresh=True)
            return
        records = store.list_batches(batch)
        failed = list(store.list_items(batch, "failed")) if batch else []
    if as_json:
        print_json([{**_data(record), "failed": [_item(each) for each in failed]} for record in records])
        return
    if not records:
        out().print("No batches. gouji submit ARCHIVE makes one.")
        return
    out().print(_grid(records))
    for each in failed[:_SHOWN]:
        say(f"failed: {each.error}", "red")
    if len(failed) > _SHOWN:
        hint(f"and {len(failed) - _SHOWN} more: gouji status {batch} --json")
    if failed:
        hint(f"gouji retry {batch} tries them again.")


def _grid(records: Sequence[BatchRecord]) -> Table:
    from rich.text import Text

    from worker.cli.lists import simple_grid

    grid = simple_grid(
        "batch",
        "state",
        "files",
        "queued",
        "running",
        "failed",
        "accepted",
        "review",
        "tokens",
        "USD",
        "left",
    )
    for record in records:
        items, tables = record.items, record.tables
        state = f"{record.status}: {record.reason}" if record.reason else record.status
        running = sum(items.get(name, 0) for name in ("sent", "ingesting", "reading"))
        waits = items.get("deferred", 0)
        grid.add_row(
            Text(record.name),
            Text(state, "yellow" if record.reason else ""),
            f"{record.ended:,}/{record.total:,}",
            f"{items.get('waiting', 0):,}",
            f"{running:,}" + (f" (+ {waits:,} wait for a job)" if waits else ""),
            Text(f"{items.get('failed', 0):,}", "red" if items.get("failed") else ""),
            f"{tables.get('accepted', 0):,}",
            f"{tables.get('review', 0):,}",
            f"{record.tokens:,}",
            f"{record.spent_usd:.2f}",
            _left(record),
        )
    return grid


def _left(record: BatchRecord) -> str:
    """The time that the rest takes at the pace so far."""
    left, took = record.total - record.ended, record.touched_at - record.added_at
    if record.status != "open" or not left or not record.ended:
        return ""
    minutes = round(took.total_seconds() / record.ended * left / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes else "< 1 min"


def _data(record: BatchRecord) -> dict[str, Any]:
    return {
        **record._asdict(),
        "budget_usd": None if record.budget_usd is None else str(record.budget_usd),
        "spent_usd": str(record.spent_usd),
        "added_at": record.added_at.isoformat(),
        "touched_at": record.touched_at.isoformat(),
    }


def _item(record: ItemRecord) -> dict[str, Any]:
    return {"place": record.place, "error": record.error}


def cancel(batch: Name) -> None:
    """Do nothing more for a batch. What is done stays; what another batch waits for goes on."""
    from worker.settings import load_settings
    from worker.store import Store

    settings = load_settings()
    with Store.open(settings) as store:
        out().print(f"{batch}: {store.cancel_batch(batch):,} files given up", markup=False)
        _stop_jobs(store, settings)


def _stop_jobs(store: Store, settings: Settings) -> None:
    """Stop at the endpoint what nobody waits for any more; workers try it again where that fails."""
    if not store.jobs.has_unwanted():
        return
    from schemas import ConfigError, ModelError
    from worker.deferred import stop_unwanted

    try:
        stop_unwanted(store, settings)
    except (ConfigError, ModelError) as error:
        hint(f"The endpoint could not be told ({error}); workers will.")


def resume(batch: Name, budget: Budget = None) -> None:
    """Let a paused batch go on, with a larger budget if it has spent its own."""
    from worker.app import make_app
    from worker.queues import CUT
    from worker.settings import load_settings
    from worker.store import Store

    settings = load_settings()
    with Store.open(settings) as store:
        documents = store.resume_batch(batch, _dollars(budget))
        if settings.broker_url:
            app = make_app(settings, store)
            for document_id in documents:
                app.send(CUT, document_id)
            app.dispatch()
    out().print(f"{batch} goes on", markup=False)


def retry(
    batch: Name,
    _failed: Annotated[bool, typer.Option("--failed", help="Those that failed; there are no others.")] = True,
) -> None:
    """Try again what failed in a batch, and the documents whose tables were given up."""
    from worker.app import make_app
    from worker.settings import load_settings
    from worker.store import Store

    settings = load_settings()
    with Store.open(settings) as store:
        tried = store.retry_batch(batch)
        if settings.broker_url:
            make_app(settings, store).dispatch()
    out().print(f"{batch}: {tried:,} files are tried again", markup=False)


def sweep() -> None:
    """Send again what lost its message or its worker. Workers do so every minute by themselves."""
    from worker.app import make_app
    from worker.cli.console import stop
    from worker.queues import SWEEP
    from worker.settings import load_settings

    settings = load_settings()
    if not settings.broker_url:
        stop("GOUJI_BROKER_URL is not set; without a broker gouji worker finds what was lost when it starts")
    make_app(settings).send(SWEEP)
