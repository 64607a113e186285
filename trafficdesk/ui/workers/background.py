"""One piece of work off the window's thread, its result or error brought back by a signal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class BackgroundSignals(QObject):
    """What a piece of work tells; connect to `@Slot` methods of QObjects only, else they run in the worker."""

    done = Signal(object, object)
    """(key, result)."""
    failed = Signal(object, object)
    """(key, TrafficDeskError)."""
    progressed = Signal(object, float)
    """(key, share done from 0 to 1)."""


class Background(QRunnable):
    """Calls `work` in a pool's thread.

    Parameters
    ----------
    key : tells the answers of several pieces of work apart.
    work : given a function to tell its progress by.
    what : words for "… failed" should it fail by our own fault.
    """

    def __init__(self, key: object, work: Callable[[Callable[[float], None]], object], what: str) -> None:
        super().__init__()
        self.setAutoDelete(
            False
        )  # the caller keeps it: its signals are still on their way when `run` returns
        self.signals = BackgroundSignals()
        self._key = key
        self._work = work
        self._what = what

    def start(self, pool: QThreadPool) -> None:
        """Queue it."""
        pool.start(self)

    def run(self) -> None:
        """The thread: whatever happens is reported, nothing is raised into Qt."""
        try:
            result = self._work(lambda share: self.signals.progressed.emit(self._key, share))
        except TrafficDeskError as error:
            self.signals.failed.emit(self._key, error)
        except Exception as error:  # noqa: BLE001  # the worker's shell: whatever happens is reported
            _log.exception("%s failed", self._what)
            told = TrafficDeskError(f"{self._what} failed: {error!r}.", "The log file has the details.")
            self.signals.failed.emit(self._key, told)
        else:
            self.signals.done.emit(self._key, result)
