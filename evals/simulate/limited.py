"""An endpoint with a hard limit of calls, cheap enough to be asked on the machine that is measured.

One thread answers all connections with bytes that are made once; nothing of a request is looked at. What is over
the limit is answered with 429 and Retry-After.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, NamedTuple

RETRY_AFTER_S = 1


class Came(NamedTuple):
    """A call: when it came, in seconds since the epoch, and whether it was let through."""

    at: float
    good: bool


class Limited:
    """Answers `a_second` calls a second at most (None: all), saved up for one second; good ones after `latency_s`.

    `came` is every call in the order of arrival.
    """

    def __init__(self, completion: dict[str, Any], latency_s: float, a_second: float | None) -> None:
        self.came: list[Came] = []
        self._latency = latency_s
        self._limit = a_second
        self._saved = a_second or 0.0
        self._last = time.time()
        self._good = _answer("200 OK", completion)
        error = {"error": {"message": "too many requests"}}
        self._over = _answer("429 Too Many Requests", error, f"Retry-After: {RETRY_AFTER_S}\r\n")

    async def serve(self) -> None:
        """Write the address to standard output, answer until a line is read, write what came."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"http://127.0.0.1:{port}/v1\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        cpu = time.process_time()
        sys.stdout.write(json.dumps({"came": self.came, "cpu_s": cpu}))
        sys.stdout.flush()
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                _, _, length = head.partition(b"content-length:")
                await reader.readexactly(int(length.partition(b"\r\n")[0]))
                good = self._admits()
                if good:
                    await asyncio.sleep(self._latency)
                writer.write(self._good if good else self._over)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _admits(self) -> bool:
        now = time.time()
        good = True
        if self._limit is not None:
            self._saved = min(self._limit, self._saved + (now - self._last) * self._limit)
            good = self._saved >= 1
            self._saved -= good
        self._last = now
        self.came.append(Came(now, good))
        return good


def _answer(status: str, body: dict[str, Any], more: str = "") -> bytes:
    payload = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n{more}\r\n"
    )
    return head.encode() + payload
