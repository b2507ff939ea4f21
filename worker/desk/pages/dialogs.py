"""Dialogs that ask one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import html, ui

from worker.desk.pages.text import Words


@contextmanager
def asking(root: ui.element, title: str, about: str = "") -> Iterator[ui.dialog]:
    """An open dialog of the page of `root`; what is made inside stands below its title. Gone once it is closed."""
    with root, ui.dialog(value=True) as dialog, ui.card().classes("desk-dialog"):
        dialog.props["aria-label"] = title
        dialog.on("hide", dialog.delete)
        html.h2(title).classes("desk-h2")
        if about:
            html.p(about).classes("desk-quiet")
        yield dialog


def buttons(words: Words, dialog: ui.dialog, said: str, act: Callable[[], Any]) -> None:
    """The two ways out of a dialog: back, or to do it."""
    with html.div().classes("desk-row-end"):
        button(words("back"), dialog.close)
        button(said, act).classes("desk-main-button")


def button(said: str, act: Callable[[], Any]) -> html.button:
    """A plain button."""
    made = html.button(said).classes("desk-button").props('type="button"')
    made.on("click", act)
    return made
