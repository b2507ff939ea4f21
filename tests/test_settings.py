"""Settings come from the environment; what is wrong with them is said by the name of the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import ConfigError
from worker.settings import load_settings, without_password


def test_without_any_setting_everything_lies_under_the_home(home: Path) -> None:
    settings = load_settings()
    assert settings.home == home
    assert settings.database_url == f"sqlite:///{home / 'gouji.db'}"
    assert (settings.broker_url, settings.model, settings.readers) == (None, None, "layout")


def test_a_model_makes_both_readers_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_MODEL", "some-model")
    assert load_settings().readers == "both"
    monkeypatch.setenv("GOUJI_READERS", "llm")
    assert load_settings().readers == "llm"
    assert load_settings(readers="layout").readers == "layout"
    assert load_settings(readers=None).readers == "llm"
    monkeypatch.setenv("GOUJI_MODEL", "none")
    monkeypatch.setenv("GOUJI_READERS", "")
    assert load_settings().readers == "layout"


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-opensesame")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:opensesame@host/v1")
    monkeypatch.setenv("GOUJI_DATABASE_URL", "postgresql://user:opensesame@host/name")
    monkeypatch.setenv("GOUJI_BROKER_URL", "amqp://user:opensesame@host//")
    settings = load_settings()
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-opensesame"
    assert settings.openai_base_url == "http://user:opensesame@host/v1"
    assert "opensesame" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("GOUJI_READERS", "tesseract", "GOUJI_READERS: Input should be 'llm', 'layout' or 'both'"),
        ("GOUJI_READERS", "both", "GOUJI_READERS=both needs a model: set GOUJI_MODEL"),
        ("GOUJI_WIRE", "xml", "GOUJI_WIRE: Input should be 'rows', 'refs' or 'records'"),
        ("GOUJI_TIMEOUT_S", "soon", "GOUJI_TIMEOUT_S: Input should be a valid number"),
        ("GOUJI_ATTEMPTS", "0", "GOUJI_ATTEMPTS: Input should be greater than or equal to 1"),
        ("GOUJI_MAX_BYTES", "-5", "GOUJI_MAX_BYTES"),
        ("GOUJI_KINDS_FOLDER", "/no/such/folder", "GOUJI_KINDS_FOLDER: no such folder: /no/such/folder"),
        ("GOUJI_DATABASE_URL", "gouji.db", "GOUJI_DATABASE_URL: a URL with a scheme is expected"),
        ("OPENAI_BASE_URL", "localhost:8000", "OPENAI_BASE_URL: an http:// or https:// address is expected"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert words in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_WIRE", "xml")
    monkeypatch.setenv("GOUJI_DATABASE_URL", "top-secret")
    with pytest.raises(ConfigError, match=r"GOUJI_DATABASE_URL.*GOUJI_WIRE") as caught:
        load_settings()
    assert "top-secret" not in str(caught.value)


def test_sizes_may_have_units(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().max_bytes == 50_000_000
    monkeypatch.setenv("GOUJI_MAX_BYTES", "2MB")
    assert load_settings().max_bytes == 2_000_000


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://me:p@ss@host:5432/name?x=1", "postgresql+psycopg://me:***@host:5432/name?***"),
        ("redis://:word@host/1", "redis://:***@host/1"),
        ("sqlite:////var/lib/gouji.db", "sqlite:////var/lib/gouji.db"),
        ("amqp://guest@host//", "amqp://guest@host//"),
    ],
)
def test_urls_are_shown_without_their_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
