"""Settings from the environment: `GOUJI_…` for our own, `OPENAI_…` for the endpoint of the model."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import (
    AliasChoices,
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import ConfigError
from worker.embedded import EMBEDDED, card
from worker.embedded.installed import is_at_hand
from worker.limits import Engine, Limits, Ocr

Readers = Literal["llm", "layout", "both"]
LlmWhen = Literal["always", "unclosed"]
Wire = Literal["rows", "refs", "records"]
Log = Literal["auto", "text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Mode = Literal["auto", "json_schema", "tools", "md_json"]

NONE = "none"
"""The name in GOUJI_MODEL that means no model, not the embedded one either."""

_PREFIX = "GOUJI_"


def _own_at_hand(done: dict[str, Any]) -> str | None:
    """The embedded model, where it can be asked and no endpoint is named whose model was forgotten."""
    named = done.get("openai_api_key") or done.get("openai_base_url")
    return EMBEDDED if not named and is_at_hand() else None


class Settings(BaseSettings):
    """What a run depends on. Make it with `load_settings`, which turns what is wrong into a ConfigError.

    `model` is the embedded one by default, where this installation has it and no endpoint is configured, or none;
    `timeout_s` is in seconds and holds for one call to the model; `rows_per_call` is the number of table
    rows put to the model at once; `requests_per_minute` and `tokens_per_minute` are the limits of the
    endpoint over all workers (None: it is asked slower when it answers 429, and no slower); `max_bytes`
    is the size of the largest file that is opened, `max_members` and `max_unpacked` the most files of an
    archive and the most bytes of them all, `allow_http` whether http(s):// addresses are followed;
    `max_pages` and `max_pixels` are the most pages of a file and the most pixels of one, `page_timeout_s`
    how long one page of it may take, in seconds, and `ingest_memory` how much memory; `ocr` says which
    pages are recognised as images: those without a sound text layer (auto), all or none, and `ocr_engine`
    by what; `attempts` is how often a chunk is tried before it is given up; `concurrency` is how many
    chunks are read at the same time where a model is asked; `calibration` is a file of `gouji eval
    calibrate` (None: the shipped one) and `audit_share` the share of accepted tables that people look at
    all the same; `in_flight` is how many files of batches are at work at the same time; `queue_prefix`
    begins the names of the queues on a broker; `job_poll_s` is how often jobs of the batch API are looked at,
    in seconds, and for how long nothing new must have come for one to be sent; `blobs_url` is where texts and
    files are kept; `export_days` is how many days the file of an export is kept, `webhook_private` whether
    webhooks may be on this machine or a private network, and without TLS. Addresses and keys may hold
    secrets and stay out of `repr`.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(default_factory=lambda: user_data_path("gouji", appauthor=False))
    database_url: str = Field(default_factory=lambda done: _sqlite_under(done["home"]), repr=False)
    blobs_url: str = Field(default_factory=lambda done: (done["home"] / "blobs").as_uri(), repr=False)
    broker_url: str | None = Field(default=None, repr=False)
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"), repr=False
    )
    openai_base_url: str | None = Field(
        default=None, validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL"), repr=False
    )
    model: str | None = Field(default_factory=_own_at_hand)
    readers: Readers = Field(default_factory=lambda done: "both" if done["model"] else "layout")
    llm_when: LlmWhen = Field(default_factory=lambda done: "unclosed" if _is_own(done) else "always")
    wire: Wire = "refs"
    mode: Mode = Field(default_factory=lambda done: "json_schema" if _is_own(done) else "auto")
    timeout_s: float = Field(default=120.0, gt=0, le=3600)
    rows_per_call: int = Field(
        default_factory=lambda done: card().rows_per_call if _is_own(done) else 40, ge=1, le=1000
    )
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    temperature: float = Field(default=0.0, ge=0, le=2)
    kinds_folder: Path | None = None
    calibration: Path | None = None
    audit_share: Decimal = Field(default=Decimal(0), ge=0, le=1)
    max_bytes: ByteSize = Field(default=ByteSize(50_000_000), gt=0)
    max_members: int = Field(default=200_000, ge=1)
    max_unpacked: ByteSize = Field(default=ByteSize(50_000_000_000), gt=0)
    allow_http: bool = False
    max_pages: int = Field(default=2000, ge=1)
    max_pixels: int = Field(default=100_000_000, ge=1)
    page_timeout_s: float = Field(default=120.0, gt=0, le=3600)
    ingest_memory: ByteSize = Field(default=ByteSize(4_000_000_000), ge=500_000_000)
    ocr: Ocr = "auto"
    ocr_engine: Engine = "rapidocr"
    attempts: int = Field(default=3, ge=1, le=100)
    in_flight: int = Field(default=64, ge=1, le=100_000)
    concurrency: int = Field(default=4, ge=1, le=64)
    job_poll_s: float = Field(default=30.0, gt=0, le=3600)
    queue_prefix: str = "gouji."
    log: Log = "auto"
    log_level: LogLevel = "warning"
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = Field(default=None, repr=False)
    oidc_role_claim: str | None = None
    export_days: int = Field(default=7, ge=1, le=3650)
    webhook_private: bool = False
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    traces: bool = False

    @field_validator("model")
    @classmethod
    def _none_is_none(cls, model: str | None) -> str | None:
        return None if model == NONE else model

    @field_validator("home", "kinds_folder", "calibration")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else None

    @field_validator("kinds_folder")
    @classmethod
    def _is_folder(cls, path: Path | None) -> Path | None:
        if path and not path.is_dir():
            raise ValueError(f"no such folder: {path}")
        return path

    @field_validator("calibration")
    @classmethod
    def _is_file(cls, path: Path | None) -> Path | None:
        if path and not path.is_file():
            raise ValueError(f"no such file: {path}")
        return path

    @field_validator("openai_base_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url and urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("an http:// or https:// address is expected")
        return url

    @field_validator("database_url", "broker_url")
    @classmethod
    def _is_url(cls, url: str | None) -> str | None:
        if url and "://" not in url:
            raise ValueError("a URL with a scheme is expected, such as sqlite:///file or redis://host/0")
        return url

    @model_validator(mode="after")
    def _model_is_named(self) -> Settings:
        if self.readers != "layout" and not self.model:
            raise ValueError(
                f"{_PREFIX}READERS={self.readers} needs a model: set {_PREFIX}MODEL, "
                f"or {_PREFIX}READERS=layout to read without one"
            )
        return self

    @model_validator(mode="after")
    def _asked_as_trained(self) -> Settings:
        if self.model == EMBEDDED and (self.wire, self.mode) != (card().wire, "json_schema"):
            raise ValueError(
                f"{_PREFIX}MODEL={EMBEDDED} answers in the format {card().wire} by json_schema alone: "
                f"unset {_PREFIX}WIRE and {_PREFIX}MODE"
            )
        return self

    @property
    def limits(self) -> Limits:
        """How much of a file is read, and how images of text are."""
        return Limits(
            max_bytes=self.max_bytes,
            max_pages=self.max_pages,
            max_pixels=self.max_pixels,
            page_timeout_s=self.page_timeout_s,
            memory=self.ingest_memory,
            ocr=self.ocr,
            engine=self.ocr_engine,
        )

    @property
    def recipe(self) -> str:
        """How documents are read under these settings; a document is read again only under another recipe."""
        rest = (
            ""
            if (self.ocr, self.ocr_engine) == ("auto", "rapidocr")
            else f" ocr {self.ocr} {self.ocr_engine}"
        )
        rest += f" calibration {_digest(self.calibration)}" if self.calibration else ""
        rest += f" audit {self.audit_share.normalize():f}" if self.audit_share else ""
        if self.readers == "layout":
            return f"layout{rest}"
        when = "" if self.readers == "llm" else f" {self.llm_when}"
        answer = f"{self.wire} {self.mode} {self.temperature:g} {self.rows_per_call}"
        model = f"{EMBEDDED} {card().version}" if self.model == EMBEDDED else self.model
        return f"{self.readers}{when} {model} {answer}{rest}"


def _is_own(done: dict[str, Any]) -> bool:
    return done.get("model") == EMBEDDED


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:8]


def _sqlite_under(home: Path) -> str:
    return f"sqlite:///{home / 'gouji.db'}"


def load_settings(**overrides: Any) -> Settings:
    """Settings of the environment; `overrides` by field name win, None among them counts as not given.

    What the environment does not say may stand in a file of the variable's name in CREDENTIALS_DIRECTORY, where
    systemd puts secrets.

    Raises ConfigError that names each variable at fault, what it may be, and never its value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(_secrets_dir=os.environ.get("CREDENTIALS_DIRECTORY"), **given)
    except ValidationError as error:
        raise ConfigError("; ".join(_in_words(error))) from None


def _in_words(error: ValidationError) -> list[str]:
    problems = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        # Follows from another field's error, which is in the list too.
        if item["type"] == "default_factory_not_called":
            continue
        message = item["msg"].removeprefix("Value error, ")
        name = str(item["loc"][0]).upper() if item["loc"] else ""
        variable = name if name.startswith("OPENAI_") else f"{_PREFIX}{name}"
        problems.append(f"{variable}: {message}; change or unset {variable}" if name else message)
    return problems


def without_password(url: str) -> str:
    """A URL fit to be shown: its password and its query replaced by asterisks."""
    bare = re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", url)
    return re.sub(r"\?.*", "?***", bare)
