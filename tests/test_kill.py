"""Workers, broker and database are killed, the model goes away: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from evals.bench.kill import Trial, measure, plan
from evals.bench.services import missing
from tests.conftest import REQUIRED
from worker.holding import holder, is_gone


def test_what_is_killed_comes_out_as_if_it_had_not_been() -> None:
    if reason := missing("rabbitmq"):
        if REQUIRED:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    trial = Trial(documents=12, kills=3, seed=1, outage_s=3)
    # Servers run under a user of their own, who does not come to the folders of pytest.
    with TemporaryDirectory(prefix="gouji-kill-") as folder:
        Path(folder).chmod(0o755)
        figures, _ = measure(trial, Path(folder))
    assert (figures.lost, figures.doubled, figures.differing) == (0, 0, 0)
    assert figures.repeated_calls <= figures.kills == 3


def test_the_faults_follow_from_the_seed() -> None:
    trial = Trial(documents=100, kills=20, seed=3)
    assert plan(trial) == plan(trial) != plan(trial._replace(seed=4))
    assert sorted(planned.fault for planned in plan(trial)) == ["broker", "database"] + ["kill"] * 20 + [
        "model"
    ]
    assert all(1 <= planned.done <= 95 for planned in plan(trial))
    assert plan(trial._replace(kills=0)) == []


def test_a_process_that_has_ended_holds_nothing() -> None:
    say = "from worker.holding import holder; print(holder('m'))"
    with subprocess.Popen([sys.executable, "-c", say], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.read().strip()
        # Ended, and not yet waited for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name)
    assert is_gone(name)
    assert not is_gone(holder("m"))


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="there is no /proc that tells")
def test_a_process_id_that_went_to_another_is_told_apart() -> None:
    host, pid, birth, message = holder("m").split("/")
    space, started = birth.split(":")
    assert host == socket.gethostname()
    assert is_gone(f"{host}/{pid}/{space}:{int(started) - 1}/{message}")
    # Where process ids count differently nothing is known.
    assert not is_gone(f"{host}/{pid}/{int(space) + 1}:{int(started) - 1}/{message}")
