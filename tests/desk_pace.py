"""How fast a table is settled: `python -m tests.desk_pace --tables 10`.

A desk in a process of its own has read copies of the bundled archive, each with one wrong digit. A browser opens the
first from the queue, applies the suspect in focus, sees everything close, accepts, and is on the next: the keys that
it takes, and the median seconds that page and server take, people's looking and thinking not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.desk_server import ARCHIVE, chromium, serving
from worker.batch import process
from worker.settings import load_settings
from worker.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page

_READY = "[data-doubt]:focus"
_CLOSED = ".desk-nothing"


def measure(page: Page, tables: int) -> dict[str, float]:
    """Keys and seconds a table, over so many tables that follow one another."""
    applied, settled, keys = [], [], 0
    for _ in range(tables):
        here, start = page.url, time.perf_counter()
        page.keyboard.press("1")
        page.locator(_CLOSED).wait_for()
        applied.append(time.perf_counter() - start)
        start = time.perf_counter()
        page.keyboard.press("a")
        page.wait_for_url(partial(_elsewhere, here))
        page.locator(_READY).wait_for()
        settled.append(time.perf_counter() - start)
        keys += 2
    return {
        "keys": keys / tables,
        "from_key_to_closed_s": round(median(applied), 2),
        "from_accept_to_next_s": round(median(settled), 2),
        "whole_s": round(median(map(sum, zip(applied, settled, strict=True))), 2),
    }


def _elsewhere(here: str, url: str) -> bool:
    return url.partition("?")[0] != here.partition("?")[0]


def main() -> None:
    """Measure, and print it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.desk_pace", description=__doc__)
    parser.add_argument("--tables", type=int, default=10, help="how many are settled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        text = ARCHIVE.read_text("utf-8")
        copies = [home / f"copy{number}.txt" for number in range(given.tables + 1)]
        for number, copy in enumerate(copies):
            copy.write_text(f"{text}\n第 {number} 份\n", "utf-8")
        settings = load_settings(home=home / "home", readers="layout")
        with Store.open(settings) as store:
            process(copies, store, settings)
            with serving(settings.home, settings, store) as server:
                browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
                page = server.context(browser).new_page()
                page.goto(f"{server.url}/")
                page.locator("[data-row]").first.wait_for()
                page.wait_for_function("window.did_handshake === true")
                page.keyboard.press("n")
                page.locator(_READY).wait_for()
                json.dump(measure(page, given.tables), sys.stdout)
                browser.close()


if __name__ == "__main__":
    main()
