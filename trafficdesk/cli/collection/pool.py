"""Files on this computer's cores: processes of our own, each with a pipe of its own, so that it is known what died.

`concurrent.futures` gives up all of its work when one of its processes is killed, and can't say which file it was.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.cli.collection.task import FAILED, analysed, without_result
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from trafficdesk.cli.collection.task import Conditions, Outcome, Task

_log = logging.getLogger(__name__)

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What numerical libraries read when they are loaded: processes are as many as cores already."""
_FALSE_STARTS: Final = 3
"""Processes that end before they are ready, one after another: then none will be."""
_DIED: Final = "ended before it was done, twice ({}); the other files are not affected."
_SPENT: Final = "out of memory"


class WorkersGone(TrafficDeskError):  # noqa: N818  # named after what the person is told
    """Processes can't be had."""


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_processes(tasks: Iterable[Task], conditions: Conditions, jobs: int) -> Generator[tuple[Task, Outcome]]:
    """Each file as soon as it is done; a process has one at a time.

    A file whose process ends is tried once more, when the others are done and their processes gone: it may have been
    the memory. One process alone is not this one either: a file that ends it must not end what keeps the others.

    Raises
    ------
    WorkersGone
        If no process can be started.
    """
    pool = _Pool(deque(tasks), conditions)
    try:
        yield from pool.run(jobs)
    finally:
        pool.end()


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    task: Task | None = None

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


class _Pool:
    def __init__(self, waiting: deque[Task], conditions: Conditions) -> None:
        self._waiting = waiting
        self._again: deque[Task] = deque()
        """Those whose process ended under them."""
        self._retried: set[Task] = set()
        self._conditions = conditions
        self._workers: list[_Worker] = []
        self._false_starts = 0

    def run(self, jobs: int) -> Iterator[tuple[Task, Outcome]]:
        """Every task with what came of it."""
        while self._waiting or self._again or self._busy():
            while len(self._workers) < self._wanted(jobs):
                self._workers.append(_started(self._conditions))
            self._hand_out()
            for pipe in wait([worker.pipe for worker in self._workers]):
                worker = next(worker for worker in self._workers if worker.pipe is pipe)
                if (done := self._heard(worker)) is not None:
                    yield done

    def end(self) -> None:
        """Leave nothing behind."""
        for worker in self._workers:
            worker.end()

    def _busy(self) -> int:
        return sum(worker.task is not None for worker in self._workers)

    def _wanted(self, jobs: int) -> int:
        """Processes: no more than there is work, one for what was too much before."""
        return min(jobs, max(self._busy() + len(self._waiting), 1))

    def _hand_out(self) -> None:
        for worker in list(self._workers):
            if not worker.ready or worker.task is not None or worker not in self._workers:
                continue
            if self._waiting:
                worker.task = self._waiting.popleft()
            elif self._again and not self._busy():
                self._leave_alone(worker)
                worker.task = self._again.popleft()
            else:
                continue
            # One that has just died is heard of when its pipe is read.
            with contextlib.suppress(OSError):
                worker.pipe.send(worker.task.path)

    def _leave_alone(self, chosen: _Worker) -> None:
        for worker in self._workers:
            if worker is not chosen:
                worker.end()
        self._workers = [chosen]

    def _heard(self, worker: _Worker) -> tuple[Task, Outcome] | None:
        try:
            outcome: Outcome | None = worker.pipe.recv()
        except (EOFError, OSError):
            return self._lost(worker)
        if not worker.ready:
            worker.ready, self._false_starts = True, 0
            return None
        task, worker.task = worker.task, None
        assert task is not None
        return (task, outcome) if outcome is not None else self._once_more(task, _SPENT)

    def _lost(self, worker: _Worker) -> tuple[Task, Outcome] | None:
        self._workers.remove(worker)
        worker.end()
        why = _ending(worker.process.exitcode)
        _log.warning("a worker process ended: %s, task %s", why, worker.task)
        if worker.task is not None:
            return self._once_more(worker.task, why)
        self._false_starts += not worker.ready
        if self._false_starts >= _FALSE_STARTS:
            raise WorkersGone(f"Processes to analyse files can't be started: {why}.", "Free some memory.")
        return None

    def _once_more(self, task: Task, why: str) -> tuple[Task, Outcome] | None:
        if task not in self._retried:
            self._retried.add(task)
            self._again.append(task)
            return None
        return task, without_result(FAILED, f"The process that analysed it {_DIED.format(why)}")


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def _started(conditions: Conditions) -> _Worker:
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, conditions), name="trafficdesk-collection", daemon=True
    )
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        process.start()
    except OSError as error:
        pipe.close()
        raise WorkersGone(
            f"A process to analyse files can't be started: {error.strerror}.",
            "End some programs, or use fewer --jobs.",
        ) from error
    finally:
        theirs.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return _Worker(process, pipe)


def _serve(pipe: Connection, conditions: Conditions) -> None:
    """Life of a process: it ends with its parent, however that ends."""
    from trafficdesk.detect.allocation import keep_freed_memory

    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches all of a terminal's processes; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _be_the_first_to_go()
    keep_freed_memory()
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            pipe.send(_tried(pipe.recv(), conditions))


def _tried(path: str, conditions: Conditions) -> Outcome | None:
    """None where memory ran out: alone, there may be enough."""
    try:
        return analysed(path, conditions)
    except MemoryError:
        return None


def _end_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(1)


def _be_the_first_to_go() -> None:
    """Where memory runs out, Linux ends this process rather than the one that keeps what is done (proc(5))."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
