"""A local OpenAI-compatible server that answers by a script: real HTTP, no model.

    with ScriptedServer(lambda asked: Reply({"rows": []})) as server:
        settings = load_settings(model="any", openai_base_url=server.url)

It speaks chat completions in the forms in which schemas are asked for: `json_schema`, `tools` and `md_json`, and the
batch API where it is given one.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from evals.simulate.batches import Answered, Batches, Dropped

Mode = Literal["json_schema", "tools", "md_json", "text"]
MODES: tuple[Mode, ...] = ("json_schema", "tools", "md_json")
Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request; the names of `headers` are in lower case, `by_job`: it came in a file of a job.

    `tries` counts the answers that the conversation already holds, `complaint` is the last word in it.
    """

    body: Json
    headers: Mapping[str, str]
    by_job: bool = False

    @property
    def messages(self) -> list[Json]:
        messages: list[Json] = self.body["messages"]
        return messages

    @property
    def prompt(self) -> str:
        """The first message of the user."""
        return next(str(message["content"]) for message in self.messages if message["role"] == "user")

    @property
    def system(self) -> str:
        """The message of the system, empty without one."""
        return next((str(m["content"]) for m in self.messages if m["role"] == "system"), "")

    @property
    def tries(self) -> int:
        return sum(message["role"] == "assistant" for message in self.messages)

    @property
    def complaint(self) -> str:
        return self.complaints[-1].rstrip("\n") if self.tries else ""

    @property
    def complaints(self) -> list[str]:
        """What was said of each answer that the conversation already holds, in their order."""
        said: list[str] = []
        for message in self.messages:
            if message["role"] == "assistant":
                said.append("")
            elif said:
                said[-1] += f"{message['content']}\n"
        return said

    @property
    def mode(self) -> Mode:
        """How the answer is to be given."""
        if "tools" in self.body:
            return "tools"
        if self.body.get("response_format", {}).get("type") == "json_schema":
            return "json_schema"
        return "md_json" if "json_schema" in self.system else "text"

    @property
    def schema(self) -> Json:
        """The schema that the answer must satisfy, in the modes that send one as such."""
        if self.mode == "tools":
            schema: Json = self.body["tools"][0]["function"]["parameters"]
        else:
            schema = self.body["response_format"]["json_schema"]["schema"]
        return schema


@dataclass(frozen=True)
class Reply:
    """What the server does: an answer (a dict in the form asked for, a text as it is), or a failure.

    `hang` waits so many seconds before anything is sent; `usage` is (prompt, cached, completion) tokens.
    """

    answer: Json | str | None = None
    finish: str = "stop"
    refusal: str | None = None
    status: int = 200
    error: Json = field(default_factory=lambda: {"message": "scripted failure"})
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0.0
    usage: tuple[int, int, int] = (1000, 200, 100)
    raw: bytes | None = None


Script = Callable[[Asked], Reply]


class ScriptedServer:
    """Runs while entered; `url` is the base URL, `asked` everything that came in, probes in `probes`.

    `modes` are those that it keeps to a schema in; others it rejects, or answers in prose if `polite`. `batches` is its
    batch API; without it there is none. `port` 0 is any that is free.
    """

    def __init__(
        self,
        script: Script,
        *,
        modes: tuple[Mode, ...] = MODES,
        polite: bool = False,
        batches: Batches | None = None,
        port: int = 0,
    ) -> None:
        self.asked: list[Asked] = []
        self.probes: list[Asked] = []
        self._script, self._modes, self._polite = script, modes, polite
        self.batches = batches
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def live(self) -> list[Asked]:
        """What came in by itself, and not in a file of a job."""
        return [asked for asked in self.asked if not asked.by_job]

    def answer(self, body: Json, headers: Mapping[str, str], *, by_job: bool = False) -> Reply:
        """The reply to one request."""
        asked = Asked(body, headers, by_job)
        if asked.mode != "text" and asked.mode not in self._modes:
            self.probes.append(asked)
            if self._polite:
                return Reply("White.")
            return Reply(
                status=400, error={"message": f"{asked.mode} is not supported", "code": "unsupported"}
            )
        if asked.mode in ("tools", "json_schema") and "colour_of_snow" in asked.schema["properties"]:
            self.probes.append(asked)
            return Reply({"colour_of_snow": "white"})
        self.asked.append(asked)
        return self._script(asked)

    def by_job(self, body: Json) -> tuple[int, Json]:
        """Status and body of the answer to a request in a file of a job."""
        reply = self.answer(body, {}, by_job=True)
        return reply.status, _payload(reply, body)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than the server runs."""
        self._closing.wait(seconds)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Without it the second small packet of an answer waits for the first to be acknowledged.
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                self._of_jobs(b"")

            def do_POST(self) -> None:
                data = self._body()
                if re.match(r"/v1/(files|batches)\b", self.path):
                    self._of_jobs(data)
                    return
                body = json.loads(data)
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server.answer(body, headers)
                server.wait(reply.hang)
                payload = reply.raw if reply.raw is not None else json.dumps(_payload(reply, body)).encode()
                self._say(reply.status, payload, reply.headers)

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers["Content-Length"] or 0))
                data = b""
                while size := int(self.rfile.readline(), 16):
                    data += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return data

            def _of_jobs(self, data: bytes) -> None:
                """Files and batches, where the server has them."""
                url = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                path = url.path.removeprefix("/v1")
                try:
                    said = (
                        server.batches.handle(
                            self.command, path, dict(parse_qsl(url.query)), headers, data, server.by_job
                        )
                        if server.batches
                        else Answered(404, {"error": {"message": f"no such path: {url.path}"}})
                    )
                except Dropped:
                    self.close_connection = True
                    return
                payload = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
                self._say(said.status, payload, {})

            def _say(self, status: int, payload: bytes, headers: Mapping[str, str]) -> None:
                with suppress(ConnectionError):
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(payload)))
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: `asked` holds what came in."""

        return Handler


def _payload(reply: Reply, body: Json) -> Json:
    if reply.status != 200:
        return {"error": reply.error}
    asked = Asked(body, {})
    message: Json = {"role": "assistant", "content": None}
    if reply.refusal is not None:
        message["refusal"] = reply.refusal
    elif isinstance(reply.answer, dict):
        text = json.dumps(reply.answer, ensure_ascii=False)
        if asked.mode == "tools":
            function = {"name": body["tools"][0]["function"]["name"], "arguments": text}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
        else:
            message["content"] = f"```json\n{text}\n```" if asked.mode == "md_json" else text
    elif reply.answer is not None and asked.mode == "tools" and reply.answer.startswith("{"):
        function = {"name": body["tools"][0]["function"]["name"], "arguments": reply.answer}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    else:
        message["content"] = reply.answer
    prompt, cached, completion = reply.usage
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }
