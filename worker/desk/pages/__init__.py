"""The pages of the review desk: NiceGUI on the FastAPI app of the service.

A page is a module with a `PAGE`; what stands in `PAGES` is registered, in the order of the navigation.
"""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import client as nicegui_client
from nicegui import ui
from starlette.staticfiles import StaticFiles

from worker.desk.pages import assets, document, frame, outside, overview, people, queue, signin, table, upload
from worker.desk.pages.desk import Desk, Page
from worker.desk.pages.guard import Guard, NonceLoader
from worker.settings import Settings
from worker.store import Store
from worker.users import Users

PAGES: tuple[Page, ...] = (queue.PAGE, document.PAGE, table.PAGE, overview.PAGE, upload.PAGE, people.PAGE)
"""Every page of the desk."""

__all__ = ["PAGES", "mount"]


def mount(app: FastAPI, settings: Settings, store: Store) -> None:
    """Put the desk under everything that `app` does not serve itself. Once in a process: NiceGUI has one app."""
    service = app.state.service
    # One for pages and API: a document that one has opened is open for the other.
    desk = Desk(settings, store, Users(store), service.desk, service)
    app.mount(assets.PREFIX, StaticFiles(directory=assets.FOLDER), name="desk-static")
    signin.add(app, desk)
    outside.add(app, desk)
    frame.navigation[:] = [page for page in PAGES if page.path]
    for page in PAGES:
        page.add(desk)
    environment = nicegui_client.templates.env
    if environment.loader is not None:
        environment.loader = NonceLoader(environment.loader)
    ui.run_with(
        app,
        title="gouji",
        favicon=assets.FOLDER / "icon.svg",
        tailwind=False,
        reconnect_timeout=30,
        show_welcome_message=False,
    )
    # It would follow requests that are not of the page, and say nothing to who cannot see it.
    nicegui_app.config.quasar_config["loadingBar"]["skipHijack"] = True
    # Added last, it stands before all of NiceGUI: pages, files and the websocket.
    nicegui_app.add_middleware(partial(Guard, known=desk.known))
