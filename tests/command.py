"""The command `gouji` as a user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from tests.documentation import DOCS, clean_environment

EXECUTABLE = Path(sys.executable).with_name("gouji")
ARCHIVE = DOCS / "examples" / "archive-2024-final.txt"

Done = subprocess.CompletedProcess[str]


class Gouji:
    """Runs the command in `folder`, with its state below it; keyword arguments are environment variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "state"

    def __call__(self, *arguments: str | Path, **environment: str) -> Done:
        return subprocess.run(
            [EXECUTABLE, *arguments],
            cwd=self.folder,
            env=clean_environment(self.home, **environment),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def at_terminal(self, *arguments: str | Path, colours: bool = False) -> str:
        """What it writes where both of its streams are a terminal."""
        environment = clean_environment(self.home, TERM="xterm-256color")
        if colours:
            del environment["NO_COLOR"]
        ours, theirs = pty.openpty()
        command = [EXECUTABLE, *arguments]
        with subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=theirs, stderr=theirs, stdin=theirs
        ):
            os.close(theirs)
            taken = b""
            while select.select([ours], [], [], 60)[0]:
                try:
                    piece = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                taken += piece
        os.close(ours)
        return taken.decode()


def lines(text: str) -> list[str]:
    """The lines of a text, white space folded."""
    return [" ".join(line.split()) for line in text.splitlines()]
