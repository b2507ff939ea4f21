"""The keys of the queue, and the dialog that says so."""

from __future__ import annotations

from nicegui import html, ui

from worker.desk.pages.text import Words

_TOLD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("queue.keys.move", ("j", "k", "↓", "↑")),
    ("queue.keys.open", ("Enter",)),
    ("queue.keys.next", ("n",)),
    ("queue.keys.claim", ("c",)),
    ("queue.keys.search", ("/",)),
    ("queue.keys.leave", ("Esc",)),
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
                        html.kbd(key)
                html.dd(words(name))
        html.p(words("queue.keys.about")).classes("desk-quiet")
        close = html.button(words("close")).classes("desk-button").props('type="button" autofocus')
        close.on("click", dialog.close)
    dialog.props["aria-label"] = words("keys.title")
    return dialog
