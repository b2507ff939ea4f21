"""The keys of the table page: what each does, and the dialog that says so."""

from __future__ import annotations

from typing import Literal

from nicegui import html, ui

from worker.desk.pages.text import Words

Command = Literal[
    "accept", "reject", "source", "unreadable", "undo", "redo", "next", "help", "clear", "identities"
]
COMMANDS: dict[str, Command] = {
    "a": "accept",
    "r": "reject",
    "s": "source",
    "x": "unreadable",
    "u": "undo",
    "U": "redo",
    "n": "next",
    "i": "identities",
    "?": "help",
    "Escape": "clear",
}
"""Key → what it does. Digits press a suspect of the page; j, k and / stay in the browser."""

_TOLD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keys.apply", ("1", "…", "9")),
    ("keys.enter", ("Enter",)),
    ("keys.step", ("j", "k")),
    ("keys.accept", ("a",)),
    ("keys.source", ("s",)),
    ("keys.reject", ("r",)),
    ("keys.unreadable", ("x",)),
    ("keys.undo", ("u", "Ctrl Z")),
    ("keys.redo", ("U", "Ctrl Y")),
    ("keys.next", ("n",)),
    ("keys.move", ("← ↑ ↓ →", "Tab")),
    ("keys.edit", ("F2", "Enter", "0…9")),
    ("keys.search", ("/",)),
    ("keys.identities", ("i",)),
    ("keys.leave", ("Esc",)),
    ("keys.help", ("?",)),
)


def help_dialog(words: Words) -> ui.dialog:
    """A dialog with all keys, closed at first."""
    with ui.dialog() as dialog, ui.card().classes("desk-dialog desk-help"):
        html.h2(words("keys.title")).classes("desk-h2")
        with html.dl().classes("desk-keys"):
            for name, keys in _TOLD:
                with html.dt():
                    for key in keys:
                        html.kbd(key) if key != "…" else html.span("–")
                html.dd(words(name))
        html.p(words("keys.numbers")).classes("desk-quiet")
        close = html.button(words("close")).classes("desk-button").props('type="button" autofocus')
        close.on("click", dialog.close)
    dialog.props["aria-label"] = words("keys.title")
    return dialog
