"""One piece of work off the window's thread, its result or error brought back by a signal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QThreadPool

_log = logging.getLogger(__name__)


class BackgroundSignals(QObject):
    """What a piece of work tells; connect to `@Slot` methods of QObjects only, else they run in the worker."""

    done = Signal(object, object)
    """(key, result)."""
    failed = Signal(object, object)
    """(key, TrafficDeskError)."""
    progressed = Signal(object, float)
    """(key, share done from 0 to 1)."""


class Background:
    """Calls `work` in a pool's thread, once.

    Not a `QRunnable`: a pool never lets go of one that Python made (PySide6 6.11), nor of what its work holds on to.

    Parameters
    ----------
    key : tells the answers of several pieces of work apart.
    work : given a function to tell its progress by.
    what : words for "… failed" should it fail by our own fault.
    """

    def __init__(self, key: object, work: Callable[[Callable[[float], None]], object], what: str) -> None:
        self.signals = BackgroundSignals()
        self._key = key
        self._work = work
        self._what = what

    def start(self, pool: QThreadPool) -> None:
        """Queue it; from the thread of `pool`."""
        # The pool owns the signals: the thread may be the last to hold us, and must not destroy what lives elsewhere.
        self.signals.setParent(pool)
        pool.start(self.run)

    def run(self) -> None:
        """Do it, in the thread that calls: whatever happens is reported, nothing is raised into Qt."""
        signals, key = self.signals, self._key
        try:
            result = self._work(lambda share: signals.progressed.emit(key, share))
        except TrafficDeskError as error:
            signals.failed.emit(key, error)
        except Exception as error:  # noqa: BLE001  # the worker's shell: whatever happens is reported
            _log.exception("%s failed", self._what)
            told = TrafficDeskError(f"{self._what} failed: {error!r}.", "The log file has the details.")
            signals.failed.emit(key, told)
        else:
            signals.done.emit(key, result)
        signals.deleteLater()
