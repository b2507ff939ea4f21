"""A server of the embedded model in this process: to count tokens, and to ask it without a worker."""

from __future__ import annotations

import json
import secrets
import urllib.request
from pathlib import Path
from typing import Any

from schemas import ConfigError
from worker.settings import load_settings


class Serving:
    """The base model with or without an adapter, served on loopback as long as this object lives.

    Raises ConfigError where its packages are missing.
    """

    def __init__(self, adapter: Path | None = None, *, threads: int | None = None, slots: int = 1) -> None:
        try:
            from worker.embedded.serve import base_in, start

            self._key = secrets.token_urlsafe(16)
            base = base_in(load_settings().home / "models")
            self._server = start(base, adapter, self._key, threads=threads, slots=slots)
        except ImportError as error:
            raise ConfigError(
                f"the embedded model needs {error.name}: pip install 'gouji[embedded]'"
            ) from None
        # A proxy must not stand between this process and its own server.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def tokens(self, text: str, *, whole: bool = False) -> tuple[int, ...]:
        """The tokens of a text; of a `whole` prompt with the one that begins it."""
        return tuple(self._post("/tokenize", {"content": text, "add_special": whole})["tokens"])

    def answer(self, text: str, schema: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
        """The answer to a prompt, greedily, held to a schema if one is given; with it what the server timed."""
        body: dict[str, Any] = {"messages": [{"role": "user", "content": text}], "temperature": 0}
        if schema:
            told = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": told}
        found = self._post("/v1/chat/completions", body)
        return found["choices"][0]["message"]["content"] or "", found.get("timings", {})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        url = f"{self._server.listening_address}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
        with self._opener.open(request) as answer:
            found: dict[str, Any] = json.load(answer)
        return found
