"""The batch API of the scripted server: files of requests, jobs that take their time and may go wrong."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, NamedTuple

Json = dict[str, Any]
Ending = Literal["completed", "expired", "failed", "cancelled"]
Event = Literal["upload", "uploaded", "create", "created"]
Answer = Callable[[Json], tuple[int, Json]]
"""What chat completions answer to a body: status and body."""

_PAGE = 20


class Dropped(Exception):
    """Raised in a hook: the connection is to be closed without an answer."""


class Answered(NamedTuple):
    """What the server says: status, and a body as it is or as JSON."""

    status: int
    body: bytes | Json


@dataclass
class File:
    """A file as it was uploaded, or written by a job."""

    id: str
    name: str
    purpose: str
    content: bytes
    at: float


@dataclass
class Job:
    """A job. `outcome` is set when it has ended."""

    id: str
    file: File
    metadata: Json
    at: float
    status: str = "in_progress"
    outputs: dict[str, str] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)

    @property
    def requests(self) -> list[Json]:
        """The lines of its file."""
        return [json.loads(line) for line in self.file.content.splitlines()]

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status not in ("in_progress", "cancelling")


@dataclass
class Batches:
    """What speaks /v1/files and /v1/batches for a `ScriptedServer`; safe for threads.

    A job ends `latency_s` seconds after it was created, as `ending` says, or when it is cancelled; while `hold` is set,
    none does. All but the first `answered` requests are left out (None: none is), `extra` lines are added to the
    output as they are, `errors` are what a failed job says. `hook` is called with what is about to be done or was just
    done; it may raise Dropped.
    """

    latency_s: float = 0.0
    ending: Ending = "completed"
    answered: int | None = None
    extra: list[bytes] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    hook: Callable[[Event], None] = lambda _event: None
    files: list[File] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = count(1)

    def handle(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        answer: Answer,
    ) -> Answered:
        """The answer to a request below /v1; `answer` is what chat completions do. Raises Dropped."""
        parts = path.strip("/").split("/")
        match method, parts:
            case "POST", ["files"]:
                self.hook("upload")
                file = self._uploaded(headers, body)
                self.hook("uploaded")
                return Answered(200, _file(file))
            case "GET", ["files"]:
                return self._page([_file(file) for file in self.files], query)
            case "GET", ["files", name, "content"]:
                found = next((file for file in self.files if file.id == name), None)
                return Answered(200, found.content) if found else _missing(name)
            case "POST", ["batches"]:
                self.hook("create")
                job = self._created(json.loads(body))
                self.hook("created")
                return Answered(200, _job(job)) if job else _missing("input file")
            case "GET", ["batches"]:
                return self._page([_job(job) for job in self.jobs], query)
            case "GET", ["batches", name]:
                return self._looked(name, answer)
            case "POST", ["batches", name, "cancel"]:
                return self._cancelled(name)
        return _missing(path)

    def _page(self, listed: list[Json], query: Mapping[str, str]) -> Answered:
        newest = listed[::-1]
        ids = [each["id"] for each in newest]
        first = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
        size = min(int(query.get("limit", _PAGE)), _PAGE)
        page = newest[first : first + size]
        return Answered(200, {"object": "list", "data": page, "has_more": first + size < len(newest)})

    def _uploaded(self, headers: Mapping[str, str], body: bytes) -> File:
        boundary = re.search(r'boundary="?([^";]+)', headers["content-type"])
        fields: dict[str, bytes] = {}
        name = ""
        for part in body.split(b"--" + boundary[1].encode() if boundary else b"\0")[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            key = re.search(rb'[; ]name="([^"]+)"', head)
            if file_name := re.search(rb'filename="([^"]+)"', head):
                name = file_name[1].decode()
            fields[key[1].decode() if key else ""] = content.removesuffix(b"\r\n")
        return self._kept(name, fields["purpose"].decode(), fields["file"])

    def _kept(self, name: str, purpose: str, content: bytes) -> File:
        with self._lock:
            file = File(f"file-{next(self._numbers)}", name, purpose, content, time.time())
            self.files.append(file)
            return file

    def _created(self, body: Json) -> Job | None:
        with self._lock:
            file = next((file for file in self.files if file.id == body["input_file_id"]), None)
            if file is None:
                return None
            job = Job(f"batch-{next(self._numbers)}", file, body.get("metadata") or {}, time.time())
            self.jobs.append(job)
            return job

    def _looked(self, name: str, answer: Answer) -> Answered:
        with self._lock:
            job = next((job for job in self.jobs if job.id == name), None)
            if job is None:
                return _missing(name)
            due = time.time() >= job.at + self.latency_s or job.status == "cancelling"
            if due and not job.ended and not self.hold.is_set():
                self._end(job, answer)
            return Answered(200, _job(job))

    def _cancelled(self, name: str) -> Answered:
        with self._lock:
            job = next((job for job in self.jobs if job.id == name), None)
            if job is None:
                return _missing(name)
            if job.ended:
                return Answered(409, {"error": {"message": "it has ended"}})
            job.status = "cancelling"
            return Answered(200, _job(job))

    def _end(self, job: Job, answer: Answer) -> None:
        job.status = "cancelled" if job.status == "cancelling" else self.ending
        if job.status == "failed":
            job.errors = self.errors
            return
        lines: dict[str, list[bytes]] = {"output": list(self.extra), "error": []}
        for request in job.requests[: self.answered]:
            status, body = answer(request["body"])
            response = {"status_code": status, "request_id": "scripted", "body": body}
            line = {"id": "line", "custom_id": request["custom_id"], "response": response, "error": None}
            lines["output" if status == 200 else "error"].append(
                json.dumps(line, ensure_ascii=False).encode()
            )
        for key, found in lines.items():
            if found:
                file = self._kept(f"{job.id}_{key}.jsonl", "batch_output", b"\n".join(found) + b"\n")
                job.outputs[key] = file.id


def _missing(what: str) -> Answered:
    return Answered(404, {"error": {"message": f"no such thing: {what}"}})


def _file(file: File) -> Json:
    return {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": int(file.at),
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
    }


def _job(job: Job) -> Json:
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": job.file.id,
        "completion_window": "24h",
        "status": job.status,
        "created_at": int(job.at),
        "output_file_id": job.outputs.get("output"),
        "error_file_id": job.outputs.get("error"),
        "errors": {"object": "list", "data": job.errors} if job.errors else None,
        "metadata": job.metadata,
    }
