"""The files of a deployment: each command in them is one that the command line takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer.main
import yaml  # type: ignore[import-untyped]

from worker.cli import app

ROOT = Path(__file__).parent.parent


def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return services


def test_each_command_of_compose_is_taken_by_the_command_line() -> None:
    group: Any = typer.main.get_command(app)
    served: set[str] = set()
    for service in _services().values():
        if service["image"] != "gouji":
            continue
        context = group.make_context("gouji", ["doctor"])
        name, command, rest = group.resolve_command(context, service["command"])
        taken = command.make_context(name, rest).params
        served |= set(taken["queue"])
    assert served == {"ingest", "llm", "reconcile"}


def test_compose_waits_for_services_that_exist_and_says_when_they_are_healthy() -> None:
    services = _services()
    for service in services.values():
        for needed in service.get("depends_on", ()):
            assert "healthcheck" in services[needed]


def test_no_secret_stands_in_compose() -> None:
    for service in _services().values():
        for name, value in service.get("environment", {}).items():
            assert "PASS" not in name or value.startswith("${")
