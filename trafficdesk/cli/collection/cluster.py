"""Files on a Dask cluster that exists already: the same function, on other machines.

`distributed` is an optional part of TrafficDesk (extra `cluster`) and imported nowhere else. What every file needs is
delivered once to each worker, those that join later included, by a plugin.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from trafficdesk import __version__
from trafficdesk.cli.collection.task import FAILED, without_result
from trafficdesk.cli.terminal import visible
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from trafficdesk.cli.collection.task import Conditions, Outcome, Task

_log = logging.getLogger(__name__)

_ANSWER_S: Final = 5
"""Within which a scheduler answers."""
_PATIENCE_S: Final = 30
"""Within which there are workers."""
_AHEAD: Final = 2
"""Files at each thread of the cluster: one that it works on, one that it has next."""
_POLL_S: Final = 2.0
_LIBRARIES: Final = ("numpy", "scikit-learn")
"""Other versions of these may score otherwise."""
_GO_ON: Final = "With --resume DIR the same command goes on where it was."


class ClusterUnavailable(TrafficDeskError):  # noqa: N818  # named after what the person is told
    """The cluster can't be used, or not any more."""


def on_cluster(
    tasks: Iterable[Task], conditions: Conditions, address: str
) -> Generator[tuple[Task, Outcome]]:
    """Each file as soon as it is done.

    A file that takes its worker down is given to others as often as the scheduler is set to (allowed-failures), then
    once more when all others are done.

    Raises
    ------
    ClusterUnavailable
        If there is no such cluster, it has no workers, they lack TrafficDesk, or it goes away.
    """
    client = _connected(address)
    run = _Run(client, address, deque(tasks))
    delivered = ""
    try:
        _be_of_one_version(client, address)
        delivered = run.deliver(conditions)
        yield from run.results()
    finally:
        run.leave(delivered)


class _Run:
    """The files of one run, as few of them with the cluster at a time as keep it busy."""

    def __init__(self, client: Any, address: str, waiting: deque[Task]) -> None:
        self._client = client
        self._address = visible(address)
        self._waiting = waiting
        self._again: deque[Task] = deque()
        self._retried: set[Task] = set()
        self._there: dict[Any, Task] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._plugin = ""
        self._deserted_since: float | None = None

    def deliver(self, conditions: Conditions) -> str:
        """Bring what every file needs to every worker; returns what it is called there."""
        from trafficdesk.cli.collection.worker_plugin import Delivered

        name = f"trafficdesk-{conditions.digest()[:16]}-{os.getpid()}"
        self._client.register_plugin(Delivered(conditions), name=name)
        self._plugin = name
        return name

    def results(self) -> Iterator[tuple[Task, Outcome]]:
        """Every task with what came of it."""
        room, look_again = self._room(), time.monotonic() + _POLL_S
        while self._waiting or self._again or self._there:
            while self._waiting and len(self._there) < room:
                self._give(self._waiting.popleft())
            if not self._there:
                self._give(self._again.popleft())
            with contextlib.suppress(queue.Empty):
                if (done := self._taken(self._done.get(timeout=_POLL_S))) is not None:
                    yield done
            if time.monotonic() > look_again:  # workers come and go
                room, look_again = self._room(), time.monotonic() + _POLL_S

    def leave(self, delivered: str) -> None:
        """Take what is still there back."""
        # It may be gone, or not answer any more: then there is nothing to take back.
        with contextlib.suppress(Exception):
            if self._there:
                self._client.cancel(list(self._there), force=True)
            if delivered:
                self._client.unregister_worker_plugin(delivered)
        with contextlib.suppress(Exception):
            self._client.close(timeout=_POLL_S)

    def _give(self, task: Task) -> None:
        from trafficdesk.cli.collection.worker_plugin import analysed_there

        future = self._client.submit(analysed_there, task, self._plugin, pure=False)
        self._there[future] = task
        future.add_done_callback(self._done.put)

    def _taken(self, future: Any) -> tuple[Task, Outcome] | None:
        task = self._there.pop(future)
        if future.status == "finished":
            return task, future.result()
        if future.cancelled() and self._client.status != "running":
            raise self._gone()
        error = None if future.cancelled() else future.exception()
        if task not in self._retried:
            self._retried.add(task)
            self._again.append(task)
            return None
        why = "the cluster lost it" if error is None else type(error).__name__
        _log.warning("a task failed on the cluster: %s", why, exc_info=error)
        return task, without_result(
            FAILED, f"It took down the workers that analysed it ({why}); the other files are not affected."
        )

    def _room(self) -> int:
        """Files that the cluster may have now; says when there is nobody left to do them."""
        if self._client.status != "running":
            raise self._gone()
        threads: int = sum(self._client.nthreads().values())
        now = time.monotonic()
        if threads:
            self._deserted_since = None
        elif self._deserted_since is None:
            self._deserted_since = now
        elif now - self._deserted_since > _PATIENCE_S:
            raise ClusterUnavailable(
                f"The Dask cluster at {self._address} has no workers left.", "Start some. " + _GO_ON
            )
        return max(1, threads * _AHEAD)

    def _gone(self) -> ClusterUnavailable:
        return ClusterUnavailable(f"The Dask cluster at {self._address} has gone away.", _GO_ON)


def versions() -> dict[str, str]:
    """Of what decides on scores, here."""
    from importlib.metadata import version

    return {"trafficdesk": __version__, **{name: version(name) for name in _LIBRARIES}}


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterUnavailable(
            "A Dask cluster needs the Python package distributed, which is not installed here.",
            "Install it with: pip install distributed",
        ) from error
    make: Any = Client  # not typed
    _silence()
    try:
        client: Any = make(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterUnavailable(
            f"There is no Dask scheduler at {visible(address)}.",
            "Start one (dask scheduler), or check the address: tcp://host:8786.",
        ) from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except TimeoutError as error:
        client.close(timeout=_POLL_S)
        raise ClusterUnavailable(
            f"The Dask cluster at {visible(address)} has no workers.",
            f"Start some: dask worker {visible(address)}",
        ) from error
    return client


def _silence() -> None:
    """Dask's own words, tracebacks among them, are not for a person at a terminal; several loggers have a handler."""
    for name in ("distributed", "tornado", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [logging.NullHandler()], False


def _be_of_one_version(client: Any, address: str) -> None:
    """Other versions might tell something else of the same file."""
    ours = versions()
    try:
        theirs = client.run(versions)
    except ImportError as error:
        raise ClusterUnavailable(
            f"The workers at {visible(address)} have no TrafficDesk.",
            f"Install TrafficDesk {__version__} on each of them.",
        ) from error
    for worker, found in theirs.items():
        for name, version in ours.items():
            if found[name] != version:
                raise ClusterUnavailable(
                    f"The worker {visible(worker)} has {name} {visible(found[name])}, here it is {version}: "
                    "results would depend on who worked on what.",
                    f"Install {name} {version} there.",
                )
