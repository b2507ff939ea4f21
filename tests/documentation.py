"""Console blocks of the documentation and what their commands really print.

A block begins with ```console; a line that begins with "$ " is a command, the lines below it are its output
(both streams, as a person sees them). `python -m tests.documentation` writes the output anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("cli.md", "kinds.md")
WIDTH = 100
_BLOCK = re.compile(r"(?<=```console\n).*?(?=```\n)", re.DOTALL)
_SNIPPET = re.compile(r"```(?:python|text) (\S+)\n(.*?)```\n", re.DOTALL)


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a command: a home of its own, nothing of the caller's settings, no colours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GOUJI_", "OPENAI_"))}
    # What the page shows does not hang on whether the embedded model is installed.
    own = {"GOUJI_HOME": str(home), "GOUJI_MODEL": "none"}
    return kept | own | {"COLUMNS": str(WIDTH), "NO_COLOR": "1", **more}


def rendered(page: str, folder: Path) -> str:
    """The page with its commands run, one after the other, in `folder`.

    Snippets that carry a file name are written there first; so are the examples of the documentation.
    """
    text = (DOCS / page).read_text("utf-8")
    shutil.copytree(DOCS / "examples", folder / "examples")
    for name, content in _SNIPPET.findall(text):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return _BLOCK.sub(lambda block: _run_all(block.group(), folder), text)


def _run_all(block: str, folder: Path) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(f"{command}\n{_run(command[2:], folder)}" for command in commands)


def _run(command: str, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=clean_environment(folder / "home", PATH=f"{scripts}:{os.environ['PATH']}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def main() -> None:
    """Write the output of all commands into the pages."""
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            text = rendered(page, Path(folder))
        (DOCS / page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
