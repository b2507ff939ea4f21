"""Fixtures for tests of the desk: a test module gets them by `pytest_plugins = ["tests.desk_fixtures"]`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import REQUIRED
from tests.desk_server import ARCHIVE, COPIES, FORMULA, HOSTILE, DeskServer, chromium, serving
from worker.batch import process
from worker.settings import load_settings
from worker.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; the test is skipped where there is none."""
    found = chromium()
    if found is None:
        reason = "no chromium on the PATH; install it to test the pages"
        pytest.fail(reason, pytrace=False) if REQUIRED else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What the desk has read: the bundled archive, copies for tests that change one, and one with markup in it."""
    folder = tmp_path_factory.mktemp("samples")
    hostile = folder / "hostile.txt"
    text = ARCHIVE.read_text("utf-8")
    hostile.write_text(text.replace("行政运行", HOSTILE).replace("档案事务", FORMULA), "utf-8")
    copies = [folder / f"copy{number}.txt" for number in range(1, COPIES + 1)]
    for number, copy in enumerate(copies, start=1):
        copy.write_text(f"{text}\n第 {number} 份\n", "utf-8")
    return [ARCHIVE, hostile, *copies]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, samples: list[Path]) -> Iterator[DeskServer]:
    """A desk over a fresh SQLite home with the samples read."""
    home = tmp_path_factory.mktemp("desk")
    settings = load_settings(home=home, readers="layout")
    store = Store.open(settings)
    process(samples, store, settings)
    with serving(home, settings, store) as server:
        yield server
    store.close()
