"""Processes of our own: a dead one costs its file at most, and nothing is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.collected import small_captures
from trafficdesk.cli.collection import pool
from trafficdesk.cli.collection.pool import in_processes
from trafficdesk.cli.collection.task import Conditions, Task, analysed
from trafficdesk.detect.corrections import Corrections
from trafficdesk.settings import DetectionSettings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

CONDITIONS = Conditions(DetectionSettings(), Corrections())


def fragile_service(pipe: Connection, conditions: Conditions) -> None:
    """As a worker does it, but that a file's name says what becomes of the process."""
    pipe.send(None)
    while True:
        path = pipe.recv()
        once = f"{path}.met"
        if "always" in path or ("once" in path and not os.path.exists(once)):  # noqa: PTH110
            with open(once, "w"):  # noqa: PTH123
                os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(None if "memory" in path else {"status": "complete", "fault": "", "path": path})


def stillborn(pipe: Connection, conditions: Conditions) -> None:
    os._exit(3)


def outcomes(tasks: list[Task], jobs: int) -> dict[str, dict[str, Any]]:
    found = {task.path: outcome for task, outcome in in_processes(tasks, CONDITIONS, jobs)}
    assert len(found) == len(tasks)
    return found


def test_two_processes_tell_what_one_does(tmp_path: Path) -> None:
    """The same outcome for each file, whoever worked on it, and whatever that one did before."""
    tasks = [Task(str(path)) for path in small_captures(tmp_path, 6)]
    assert outcomes(tasks, 2) == {task.path: analysed(task.path, CONDITIONS) for task in reversed(tasks)}


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_killed_process_costs_its_file_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed once, the file is tried again and told; killed twice, it alone is given up, with how it ended."""
    monkeypatch.setattr(pool, "_serve", fragile_service)
    names = [f"{number}" for number in range(8)] + ["always", "once", "memory"]
    found = outcomes([Task(str(tmp_path / name)) for name in names], 2)
    bad = {os.path.basename(path): one["fault"] for path, one in found.items() if one["status"] != "complete"}  # noqa: PTH119
    assert set(bad) == {"always", "memory"}
    assert "killed by SIGKILL" in bad["always"]
    assert "out of memory" in bad["memory"]


def test_processes_that_never_start_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """After three in a row it ends with a sentence instead of trying for ever."""
    monkeypatch.setattr(pool, "_serve", stillborn)
    with pytest.raises(pool.WorkersGone, match="exit code 3"):
        outcomes([Task("a"), Task("b")], 2)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Left in the middle, no process stays; numerical libraries' variables are as before."""
    before = dict(os.environ)
    results = in_processes([Task(str(path)) for path in small_captures(tmp_path, 6)], CONDITIONS, 2)
    next(results)
    results.close()
    assert not [
        child for child in multiprocessing.active_children() if child.name == "trafficdesk-collection"
    ]
    assert dict(os.environ) == before
