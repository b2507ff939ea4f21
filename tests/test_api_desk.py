"""`gouji desk` as a user runs it: one process that serves and reads, and ends when it is told to."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.api_client import until
from tests.command import ARCHIVE, EXECUTABLE, Gouji
from tests.documentation import clean_environment


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_command_serves_reads_and_ends(tmp_path: Path) -> None:
    gouji = Gouji(tmp_path)
    token = gouji("token", "create", "me", "--scope", "submit").stdout.strip()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(EXECUTABLE), "desk", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=clean_environment(gouji.home), stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            until(lambda: process.poll() is not None or answers(url))
            headers = {"authorization": f"Bearer {token}"}
            with httpx2.Client(base_url=f"{url}/api/v1", headers=headers) as asked:
                with ARCHIVE.open("rb") as file:
                    assert asked.post("/batches", files={"file": (ARCHIVE.name, file)}).status_code == 202
                until(lambda: asked.get("/batches/1").json()["status"] == "done")
                assert asked.get("/documents/1").json()["tables"] == {"accepted": 1, "review": 1, "empty": 1}
            assert httpx2.get(f"{url}/api/v1/none").status_code == 401
            # The pages are there, for who is signed in.
            assert httpx2.get(url).status_code == 401
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
    assert f"gouji desk at {url}\nsign in with {url}/signin/once?token=" in said
    assert token not in said
    assert process.returncode in {0, -signal.SIGTERM}


def test_what_is_not_installed_is_named(tmp_path: Path) -> None:
    program = "import sys; sys.modules['uvicorn'] = None; from worker.cli import main; sys.argv[1:] = ['desk']; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "gouji: uvicorn is not installed; pip install 'gouji[desk]'\n",
    )
