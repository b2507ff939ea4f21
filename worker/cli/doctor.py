"""`gouji doctor`: what is configured, and what answers."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import typer

from worker.cli.console import OK, SOME_FAILED, Json, out, print_json

if TYPE_CHECKING:
    from worker.settings import Settings

State = Literal["ok", "failed", "off"]
TIMEOUT_S = 3.0
_STYLE = {"ok": "green", "failed": "red", "off": "dim"}


class Answer(NamedTuple):
    """One thing asked: what it is, how it is configured, whether it works, and what to know or to do."""

    what: str
    configured: str
    state: State
    detail: str


def doctor(as_json: Json = False) -> None:
    """Show what is configured and what answers.

    Secrets are never shown. Exit code 1 if something that is configured does not work.
    """
    from worker.settings import load_settings

    answers = list(_examine(load_settings()))
    if as_json:
        print_json([answer._asdict() for answer in answers])
    else:
        from rich.text import Text

        from worker.cli.lists import simple_grid

        grid = simple_grid("what", "configured", "state", "detail")
        for answer in answers:
            grid.add_row(
                answer.what,
                Text(answer.configured),
                Text(answer.state, _STYLE[answer.state]),
                Text(answer.detail),
            )
        out().print(grid)
    raise typer.Exit(SOME_FAILED if any(answer.state == "failed" for answer in answers) else OK)


def _examine(settings: Settings) -> Iterator[Answer]:
    from worker.settings import without_password

    yield Answer("gouji", version("gouji"), "ok", f"Python {platform.python_version()}, {sys.platform}")
    yield _asked("home", str(settings.home), lambda: _home(settings))
    yield _asked("database", without_password(settings.database_url), lambda: _database(settings))
    if settings.broker_url:
        yield _asked("broker", without_password(settings.broker_url), lambda: _broker(settings))
        yield from _canaries(settings)
    else:
        yield Answer(
            "broker", "none", "off", "documents are read in the process that is asked (GOUJI_BROKER_URL)"
        )
    yield Answer("readers", settings.readers, "ok", _readers(settings))
    yield from _model(settings)
    yield _ocr(settings)
    if settings.kinds_folder:
        yield _asked("kinds", str(settings.kinds_folder), lambda: _kinds(settings))
    else:
        yield Answer("kinds", "none of your own", "off", "GOUJI_KINDS_FOLDER names a folder with more")


def _asked(what: str, configured: str, ask: Callable[[], str]) -> Answer:
    """What `ask` says, or the first line of what it raises: whatever is wrong must end up in the list."""
    begin = time.perf_counter()
    try:
        detail = ask()
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return Answer(what, configured, "failed", lines[0])
    took = (time.perf_counter() - begin) * 1000
    return Answer(what, configured, "ok", f"{detail} ({took:.0f} ms)" if took >= 1 else detail)


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK):
        raise PermissionError("cannot be written to; name another folder in GOUJI_HOME")
    _probe(settings)
    return f"writable, {shutil.disk_usage(settings.home).free / 1e9:.1f} GB free"


def _probe(settings: Settings) -> None:
    """Write, read and delete a file where texts of documents are kept."""
    from worker.store import BlobStore

    blobs, name, data = BlobStore(settings.blobs_url), "probe", os.urandom(16)
    key = sha256(data).hexdigest()
    try:
        blobs.keep(key, name, data)
        found = blobs.kept(key, name)
    finally:
        blobs.drop(key, name)
    if found != data:
        raise OSError("what is written to the blobs is not what is read; check what GOUJI_BLOBS_URL names")


def _database(settings: Settings) -> str:
    from worker.store import Store

    with Store.open(settings) as store:
        return f"answers, {len(store.list_documents())} documents"


def _broker(settings: Settings) -> str:
    from worker.app import make_app
    from worker.queues import QUEUES

    app = make_app(settings)
    with app.connection_for_write() as connection:
        # Redis is spoken to only when a channel is opened.
        connection.ensure_connection(max_retries=1, timeout=int(TIMEOUT_S))
        channel: Any = connection.channel()
        channel.close()
    served = app.control.inspect(timeout=1.0).active_queues() or {}
    if not served:
        raise LookupError("answers, but no worker does; start one with gouji worker")
    names = {queue["name"] for queues in served.values() for queue in queues}
    if idle := [queue for queue in QUEUES if settings.queue_prefix + queue not in names]:
        wanted = " ".join(f"-q {queue}" for queue in idle)
        raise LookupError(f"answers, but no worker serves {', '.join(idle)}; start gouji worker {wanted}")
    return f"answers, {len(served)} {'worker' if len(served) == 1 else 'workers'} on {', '.join(QUEUES)}"


def _canaries(settings: Settings) -> Iterator[Answer]:
    """One answer a queue; none at all while no worker has sent a canary yet, as one does after its first minute."""
    from schemas import ConfigError
    from worker.queues import QUEUES
    from worker.store import Store
    from worker.telemetry.health import canary

    try:
        with Store.open(settings) as store:
            seen = store.beats()
    except ConfigError:
        return  # told of the database
    for part in (canary(queue, seen.get(queue), datetime.now(UTC)) for queue in QUEUES if seen):
        yield Answer(part.name, "", "ok" if part.ready else "failed", part.reason)


def _readers(settings: Settings) -> str:
    if settings.readers == "layout":
        return "by the layout of the text alone"
    when = "" if settings.readers == "llm" else f", the model asked {settings.llm_when}"
    return f"wire format {settings.wire}, answers by {settings.mode}{when}"


def _ocr(settings: Settings) -> Answer:
    from worker.limits import missing_for_ocr

    if settings.ocr == "never":
        return Answer("ocr", "never", "off", "scans and images are not read (GOUJI_OCR)")
    engine = settings.ocr_engine
    configured = f"{settings.ocr}, by {engine}"
    if missing := missing_for_ocr(engine):
        detail = f"{', '.join(missing)} missing: pip install 'gouji[ocr]' reads scans and images"
        return Answer("ocr", configured, "failed" if settings.ocr == "always" else "off", detail)
    if engine == "tesseract" and shutil.which("tesseract") is None:
        return Answer("ocr", configured, "failed", "there is no program tesseract; install it")
    package = {"rapidocr": "rapidocr", "tesseract": "pytesseract"}[engine]
    return Answer("ocr", configured, "ok", f"{package} {version(package)}")


def _model(settings: Settings) -> Iterator[Answer]:
    from worker.embedded import EMBEDDED
    from worker.settings import without_password

    key = settings.openai_api_key
    url = settings.openai_base_url or "https://api.openai.com/v1"
    if not settings.model:
        yield Answer("model", "none", "off", "GOUJI_MODEL, OPENAI_BASE_URL and OPENAI_API_KEY name one")
        return
    if settings.model == EMBEDDED:
        yield _asked("model", EMBEDDED, _embedded)
        return
    yield Answer("key", "set" if key else "not set", "ok" if key else "off", "OPENAI_API_KEY; never shown")
    yield _asked("model", f"{settings.model} at {without_password(url)}", lambda: _endpoint(settings, url))


def _embedded() -> str:
    from worker.embedded import card
    from worker.embedded.installed import require

    require()
    read = [kind for kind in card().kinds if card().reads(kind)]
    return f"{card().base}, adapter {card().version}, asked for {', '.join(read) or 'no kind'}"


def _endpoint(settings: Settings, url: str) -> str:
    import httpx2

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx2.get(f"{url.rstrip('/')}/models", headers=headers, timeout=TIMEOUT_S)
    except httpx2.TimeoutException:
        raise TimeoutError(f"no answer in {TIMEOUT_S:g} s; is the server running?") from None
    except httpx2.HTTPError as error:
        raise ConnectionError(f"{error}; is the server running, is OPENAI_BASE_URL right?") from None
    if answer.status_code in (401, 403):
        raise PermissionError(f"refuses the key (HTTP {answer.status_code}); check OPENAI_API_KEY")
    if not answer.is_success:
        raise ConnectionError(f"GET /models answers HTTP {answer.status_code}; is OPENAI_BASE_URL right?")
    try:
        names = [str(entry["id"]) for entry in answer.json()["data"]]
    except (ValueError, KeyError, TypeError):
        raise ConnectionError("GET /models answers something else; is OPENAI_BASE_URL right?") from None
    if settings.model not in names:
        offered = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise LookupError(f"does not offer {settings.model}; it offers {offered or 'nothing'}")
    return f"answers, offers {len(names)} models, this one among them"


def _kinds(settings: Settings) -> str:
    from schemas import kinds, load_kinds
    from worker.cli.kinds import is_own

    if settings.kinds_folder:
        load_kinds(settings.kinds_folder)
    own = [name for name, model in kinds().items() if is_own(model)]
    return f"adds {', '.join(own)}" if own else "loads, but adds no kind"
