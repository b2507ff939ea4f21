"""The endpoint of the model: failures, retries, what calls cost, and answers that are kept."""

from __future__ import annotations

import logging
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from evals.simulate.server import Asked, Reply, ScriptedServer
from schemas import ConfigError, ModelError, Reading, Refused, Throttled, Transient
from tests.conftest import MakeReader
from tests.model_cases import (
    after,
    book_of,
    functions,
    outcomes,
)
from worker.readers.cache import AnswerCache
from worker.readers.llm import LlmReader
from worker.readers.llm.prices import cost_of
from worker.settings import Settings


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(status=429, headers={"Retry-After": "0.2"}), "throttled"),
        (Reply(status=500), "transient"),
        (Reply(status=503), "transient"),
        (Reply(raw=b"<html>busy</html>"), "transient"),
    ],
)
def test_what_passes_is_retried_here(make_reader: MakeReader, reply: Reply, outcome: str) -> None:
    chunk, table = functions()
    started = time.monotonic()
    with ScriptedServer(after(reply, book_of("rows", (chunk, table)))) as server:
        reading = make_reader(server.url, patience_s=2).read(chunk)
    assert reading.table == table
    assert outcomes(reading.calls) == [outcome, "ok"]
    assert outcome != "throttled" or time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (Reply(status=429, headers={"Retry-After": "30"}), Throttled, "slow down"),
        (Reply(status=500), Transient, "HTTP 500"),
        (Reply(raw=b"<html>busy</html>"), Transient, "not a chat completion"),
        (Reply(refusal="I cannot help with that."), Refused, "I cannot help with that"),
        (Reply(None), Refused, "empty content"),
        (Reply("  \n"), Refused, "empty content"),
        (Reply("x", finish="content_filter"), Refused, "content filter"),
        (Reply(status=400, error={"message": "bad words", "code": "content_policy"}), Refused, "bad words"),
    ],
)
def test_what_does_not_pass_is_raised_with_its_calls(
    make_reader: MakeReader, reply: Reply, error: type[ModelError], said: str
) -> None:
    chunk, _ = functions()
    with ScriptedServer(lambda _: reply) as server, pytest.raises(error, match=said) as caught:
        make_reader(server.url).read(chunk)
    assert caught.value.calls
    assert set(outcomes(caught.value.calls)) == {error.__name__.lower()}


def test_a_throttled_chunk_says_when_to_come_back(make_reader: MakeReader) -> None:
    chunk, _ = functions()
    with (
        ScriptedServer(lambda _: Reply(status=429, headers={"Retry-After": "30"})) as server,
        pytest.raises(Throttled) as caught,
    ):
        make_reader(server.url).read(chunk)
    assert caught.value.retry_after == 30
    assert len(server.asked) == 1


def test_a_hanging_endpoint_is_given_up(make_reader: MakeReader) -> None:
    chunk, _ = functions()
    started = time.monotonic()
    with ScriptedServer(lambda _: Reply(hang=30)) as server, pytest.raises(Transient, match="in time"):
        make_reader(server.url, timeout_s=0.3, patience_s=0.2).read(chunk)
    assert time.monotonic() - started < 5


def test_an_endpoint_that_is_not_there_is_transient(make_reader: MakeReader) -> None:
    chunk, _ = functions()
    with ScriptedServer(lambda _: Reply()) as server:
        url = server.url
    with pytest.raises(Transient, match="no connection"):
        make_reader(url).read(chunk)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=401, error={"message": "Incorrect API key provided: sk-secret"}),
        Reply(status=404, error={"message": "The model `scripted` does not exist"}),
        Reply(status=429, error={"message": "You exceeded your quota", "code": "insufficient_quota"}),
    ],
)
def test_what_only_the_settings_can_mend_is_a_config_error(
    make_reader: MakeReader, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chunk, _ = functions()
    key = SecretStr("sk-secret")
    with ScriptedServer(lambda _: reply) as server, pytest.raises(ConfigError) as caught:
        make_reader(server.url, openai_api_key=key).read(chunk)
    assert len(server.asked) == 1
    assert server.asked[0].headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in str(caught.value) + caplog.text


def test_a_model_or_an_endpoint_must_be_configured(home: Path) -> None:
    with pytest.raises(ConfigError, match="GOUJI_MODEL"):
        LlmReader(Settings(openai_base_url="http://127.0.0.1:9/v1", home=home))
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        LlmReader(Settings(model="scripted", home=home))


def test_answers_are_paid_for_once(make_reader: MakeReader) -> None:
    chunk, table = functions()
    with ScriptedServer(book_of("rows", (chunk, table))) as server:
        first = make_reader(server.url).read(chunk)
        second = make_reader(server.url).read(chunk)
        assert len(server.asked) == 1
        warm = make_reader(server.url, temperature=0.7).read(chunk)
        other = make_reader(server.url, model="scripted-2").read(chunk)
        assert len(server.asked) == 3
    assert first.table == second.table == warm.table == other.table
    assert [(call.cached, call.cost_usd, call.prompt_tokens) for call in second.calls] == [
        (True, Decimal(0), 0)
    ]
    assert second.prompt_version == first.prompt_version


def test_many_threads_share_one_reader(make_reader: MakeReader) -> None:
    chunk, table = functions()
    readings: list[Reading] = []
    with ScriptedServer(book_of("rows", (chunk, table))) as server:
        reader = make_reader(server.url, mode="auto")
        threads = [threading.Thread(target=lambda: readings.append(reader.read(chunk))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.probes) == 1
    assert [reading.table for reading in readings] == [table] * 4


def test_the_cache_keeps_the_first_entry(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "answers")
    assert cache.get("a") is None
    cache.put("a", {"answer": 1})
    cache.put("a", {"answer": 2})
    assert cache.get("a") == {"answer": 1}
    (tmp_path / "answers" / "a.json").write_text('{"answer": ', encoding="utf-8")
    assert cache.get("a") is None
    cache.put("a", {"answer": 3})
    assert cache.get("a") == {"answer": 3}
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["a.json"]


def test_every_call_is_accounted_for(make_reader: MakeReader) -> None:
    chunk, table = functions()
    model = "openai/gpt-4.1-mini-2025-04-14"
    with ScriptedServer(after(Reply(status=500), book_of("refs", (chunk, table)))) as server:
        reading = make_reader(server.url, model=model, wire="refs", patience_s=2).read(chunk)
    failed, good = reading.calls
    assert (failed.prompt_tokens, failed.cost_usd, failed.outcome) == (0, Decimal(0), "transient")
    assert (good.prompt_tokens, good.cached_tokens, good.completion_tokens) == (1000, 200, 100)
    assert good.cost_usd == Decimal("0.000500")
    assert (good.model, good.wire, good.outcome) == (model, "refs", "ok")
    assert 0 < good.seconds < 5


@pytest.mark.parametrize(
    ("model", "cost"),
    [("gpt-4o-mini", Decimal("0.75")), ("gpt-4o-mini-2024-07-18", Decimal("0.75")), ("llama", None)],
)
def test_prices(model: str, cost: Decimal | None) -> None:
    assert cost_of(model, 1_000_000, 0, 1_000_000) == cost


def test_a_model_without_temperature_is_asked_without(make_reader: MakeReader) -> None:
    chunk, table = functions()
    book = book_of("rows", (chunk, table))
    error = {"message": "Unsupported value: 'temperature' does not support 0.0", "param": "temperature"}

    def script(asked: Asked) -> Reply:
        return Reply(status=400, error=error) if "temperature" in asked.body else book(asked)

    with ScriptedServer(script) as server:
        reader = make_reader(server.url)
        assert reader.read(chunk).table == table
        assert len(server.asked) == 2
