from __future__ import annotations

import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("schemas", "prompts", "worker", "evals", "tests")
LONGEST = 420

# Bracketed so that the rules do not find themselves.
FOREIGN = re.compile(
    r"(?:^|[^\w.])/(?:work|farm|root|home|Users)/[A-Za-z.]"
    r"|index[-]url|find[-]links|pypi[.]org|pythonhosted[.]org"
    r"|registry *= *.?http|https?://[^ \"]+/(?:simple|packages)/"
)


@cache
def tracked() -> tuple[Path, ...]:
    # Files about to be added count too: a rule that speaks only after the commit comes late.
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(
        path for name in sorted(set(filter(None, listed.split("\0")))) if (path := ROOT / name).is_file()
    )


def test_code_lives_in_the_five_rooms_only() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in tracked() if path.suffix == ".py"}
    assert tops == set(ROOMS)


def test_no_module_grows_past_what_one_reads_in_one_sitting() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in tracked() if path.suffix == ".py"}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST} == {}


def test_no_machine_path_and_no_registry_host_is_written_down() -> None:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        lines = content.decode("utf-8", errors="replace").splitlines()
        found += [
            f"{path.relative_to(ROOT)}:{n}: {line}" for n, line in enumerate(lines, 1) if FOREIGN.search(line)
        ]
    assert found == []


def test_constraints_pin_by_version_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.+!]*", line)] == []


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_of_a_room_exist(room: str) -> None:
    module = importlib.import_module(room)
    public = getattr(module, "__all__", [])
    assert [name for name in public if not hasattr(module, name)] == []
    assert len(public) == len(set(public))
