"""The two streams of the command line, what it says when something is wrong, and how it ends.

Results go to standard output, everything else to standard error: `--json` leaves exactly one JSON document
on standard output. Exit codes: 0 all documents processed, 1 some failed, 2 usage or settings at fault.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

OK, SOME_FAILED, USAGE = 0, 1, 2
WIDTH_OF_FILES = 160

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for scripts.")]


@cache
def out() -> Console:
    """Standard output; wide where it is no terminal, since a file has no edge."""
    fixed = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDTH_OF_FILES
    return Console(width=fixed, highlight=False, soft_wrap=False)


@cache
def err() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """A message beside the result; `text` is printed as it is."""
    err().print(Text(text, style))


def hint(text: str) -> None:
    """What one could do next; only a person at a terminal hears it."""
    if err().is_terminal:
        say(text, "dim")


def print_json(value: Any) -> None:
    """The one JSON document of `--json`."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def stop(message: str, code: int = USAGE, more: Iterable[str] = ()) -> NoReturn:
    """End with one line that says what is wrong, and the choices under it where there are any."""
    say(f"gouji: {message}", "red")
    for line in more:
        say(f"  {line}")
    raise typer.Exit(code)
