"""What a running service tells: records as JSON lines, metrics over HTTP, and whether it is ready."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas import ConfigError
from worker.telemetry import health, metrics, traces

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Totals(NamedTuple):
    items: Mapping[str, int] = {"queued": 3, "reading": 1}
    documents: Mapping[str, int] = {"done": 2}
    chunks: Mapping[str, int] = {"deferred": 5}
    tables: Mapping[str, int] = {"accepted": 3, "review": 1, "empty": 9}
    calls: Mapping[str, int] = {"ok": 7, 'odd "one"': 1}
    batches: Mapping[str, int] = {"open": 1}
    prompt_tokens: int = 1000
    completion_tokens: int = 20
    cost_usd: Decimal = Decimal("0.25")
    oldest_waiting_s: float | None = None


class Holds(NamedTuple):
    """A store of these totals."""

    known: Totals = Totals()

    def totals(self) -> Totals:
        return self.known


def _logged(script: str, log: str = "auto", level: str = "info") -> str:
    head = f"""
        import logging, types, structlog
        from schemas import ConfigError
        from worker import telemetry
        telemetry.configure(types.SimpleNamespace(log={log!r}, log_level={level!r}))
    """
    program = textwrap.dedent(head) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def _records(script: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _logged(script).splitlines()]


def test_records_are_json_lines_that_carry_what_is_worked_on() -> None:
    inside, foreign, outside = _records("""
        with telemetry.task("gouji.read_chunk", document=4, chunk=17, id="t-1"):
            structlog.get_logger("gouji").warning("asked again", wait_s=2)
            logging.getLogger("celery.worker").warning("lost %s", "connection")
        structlog.get_logger("gouji").info("idle")
    """)
    ids = {"task": "gouji.read_chunk", "document": 4, "chunk": 17, "id": "t-1"}
    assert inside.items() >= {**ids, "event": "asked again", "level": "warning", "wait_s": 2}.items()
    assert foreign.items() >= {**ids, "event": "lost connection", "logger": "celery.worker"}.items()
    assert outside["event"] == "idle"
    assert not outside.keys() & ids.keys()
    assert datetime.fromisoformat(inside["timestamp"]).tzinfo is not None


def test_an_error_is_one_field_and_quotes_no_document() -> None:
    unknown, known = _records("""
        for error in (ValueError("一般公共服务支出 120.50"), ConfigError("GOUJI_HOME: no such folder")):
            try:
                raise error
            except Exception:
                logging.getLogger("worker").exception("could not conclude")
    """)
    assert unknown["exception"]["type"] == "builtins.ValueError"
    assert unknown["exception"]["message"] is None
    assert "120.50" not in json.dumps(unknown, ensure_ascii=False)
    assert unknown["exception"]["frames"]
    assert known["exception"]["message"] == "GOUJI_HOME: no such folder"


def test_what_celery_says_of_a_failed_task_quotes_no_document() -> None:
    (record,) = _records("""
        from celery import Celery
        from celery.app.trace import trace_task
        app = Celery("t", set_as_current=False)
        app.conf.update(task_ignore_result=True)
        @app.task(name="gouji.read_chunk")
        def read(n):
            raise ValueError("一般公共服务支出 120.50")
        app.finalize()
        trace_task(read, "t-1", (1,), {}, {"id": "t-1", "called_directly": False}, app=app)
    """)
    assert record["event"].startswith("task gouji.read_chunk")
    assert record["id"] == "t-1"
    assert record["exception"]["type"] == "builtins.ValueError"
    assert "120.50" not in json.dumps(record, ensure_ascii=False)


def test_secrets_are_masked_and_libraries_stay_quiet() -> None:
    said = _logged("""
        log = structlog.get_logger("gouji")
        log.info("asks", url="amqp://u:hunter2@host/v", header="Bearer abc.def", key="sk-proj-123")
        log.info("long", text="x" * 10_000)
        logging.getLogger("openai").info("request body")
        logging.getLogger("httpx2").info("GET")
    """)
    for secret in ("hunter2", "abc.def", "sk-proj-123", "request body", "GET"):
        assert secret not in said
    assert len(said.splitlines()) == 2
    assert len(said) < 1500


def test_level_and_form_follow_the_settings() -> None:
    script = "logging.getLogger('a').info('low'); logging.getLogger('a').error('high')"
    said = _logged(script, log="text", level="error")
    assert "high" in said
    assert "low" not in said
    assert not said.startswith("{")


def test_an_unknown_level_is_told() -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        _logged("", level="loud")
    assert "GOUJI_LOG_LEVEL: loud is no level" in raised.value.stderr


def _scrape(port: int) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        body = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def test_a_scrape_tells_what_the_store_holds_and_what_was_timed() -> None:
    with metrics.timed_task("test.ok"):
        pass
    with pytest.raises(KeyError), metrics.timed_task("test.fails"):
        raise KeyError
    metrics.model_call("test.outcome", 1.5)
    found = _scrape(metrics.serve(Holds(), 0))

    def at(name: str, **labels: str) -> float:
        return found[name, frozenset(labels.items())]

    assert at("gouji_items", state="queued") == 3
    assert at("gouji_open_chunks", state="deferred") == 5
    assert at("gouji_model_calls_total", outcome='odd "one"') == 1
    assert at("gouji_tokens_total", kind="completion") == 20
    assert at("gouji_cost_usd_total") == 0.25
    assert at("gouji_accepted_ratio") == 0.75
    assert at("gouji_oldest_waiting_seconds") == 0
    assert at("gouji_task_seconds_count", task="test.ok", outcome="ok") == 1
    assert at("gouji_task_seconds_count", task="test.fails", outcome="KeyError") == 1
    assert at("gouji_tasks_in_flight", task="test.fails") == 0
    assert at("gouji_model_call_seconds_sum", outcome="test.outcome") == 1.5


def test_no_share_is_told_before_a_table_was_judged() -> None:
    body, kind = metrics.exposition(Holds(Totals(tables={"empty": 2})))
    assert b"gouji_accepted_ratio" not in body
    assert kind.startswith("text/plain")


def test_a_taken_port_is_told() -> None:
    port = metrics.serve(Holds(), 0)
    with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be used"):
        metrics.serve(Holds(), port)


def test_spans_without_setting_are_nothing() -> None:
    with pytest.raises(KeyError, match="as raised"), traces.span("ingest", document=1):
        raise KeyError("as raised")


@pytest.mark.parametrize(
    ("age", "ready", "reason"),
    [
        (timedelta(seconds=59), True, "a canary was taken 59 s ago"),
        (timedelta(minutes=3), True, "a canary was taken 180 s ago"),
        (timedelta(minutes=3, seconds=1), False, "taken 181 s ago; start gouji worker -q llm"),
        (None, False, "no canary was ever taken; start gouji worker -q llm"),
        (timedelta(seconds=-2), True, "taken 0 s ago"),
    ],
)
def test_a_queue_is_served_while_its_canary_is_fresh(age: timedelta | None, ready: bool, reason: str) -> None:
    beats = {} if age is None else {"llm": NOW - age}
    part = health.canary("llm", beats.get("llm"), NOW)
    assert part.ready is ready
    assert reason in part.reason
