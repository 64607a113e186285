"""Looks once a second at what runs over the interfaces, while somebody looks at them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trafficdesk.capture.interface_rates import RateHistories, Reading, read_counters
from trafficdesk.ui.dialogs.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable

_PERIOD_MS: Final = 1_000
_LOOK_EVERY: Final = 2
"""Readings between two comparisons of what interfaces there are."""


class InterfaceWatch(QObject):
    """One for all lists of a window: whoever shows rates holds it, and nothing is read while nobody does.

    Parameters
    ----------
    read : the system's counters at a monotonic time; called in a thread.
    """

    sampled = Signal()
    """`histories` has new rates."""
    changed = Signal()
    """An interface came or went, was switched, plugged or readdressed: list them again."""

    def __init__(
        self, parent: QObject | None = None, *, read: Callable[[float], Reading] = read_counters
    ) -> None:
        super().__init__(parent)
        self.histories = RateHistories()
        self._read = read
        self._holders: set[int] = set()
        self._job: Job | None = None
        self._readings = 0
        self._known: tuple[object, object] | None = None
        self._settling = False
        self._timer = QTimer(self, interval=_PERIOD_MS)
        self._timer.timeout.connect(self._begin)

    @property
    def active(self) -> bool:
        """Whether the counters are being read."""
        return self._timer.isActive()

    def hold(self, holder: QObject) -> None:
        """Read as long as `holder` is visible."""
        self._holders.add(id(holder))
        if not self._timer.isActive():
            self._timer.start()
            self._begin()

    def release(self, holder: QObject) -> None:
        """`holder` shows nothing any more."""
        self._holders.discard(id(holder))
        if not self._holders:
            self._timer.stop()

    @Slot()
    def _begin(self) -> None:
        if self._job is not None:
            return
        read = self._read
        self._job = Job(lambda: read(time.monotonic()), "Reading the interfaces' counters")
        self._job.succeeded.connect(self._take)
        self._job.failed.connect(self._give_up)
        self._job.start()

    @Slot(object)
    def _take(self, reading: Reading) -> None:
        self._job = None
        if not self.active:
            return
        self.histories.add(reading)
        self.sampled.emit()
        self._readings += 1
        if self._readings % _LOOK_EVERY == 0:
            self._compare((reading.addresses, reading.links))

    @Slot(object)
    def _give_up(self, _error: object) -> None:
        # The log has it; a list without rates is still a list.
        self._job = None

    def _compare(self, found: tuple[object, object]) -> None:
        known, self._known = self._known, found
        differs = known is not None and known != found
        # Told twice: the first look may have been under way already when the change came.
        if differs or self._settling:
            self.changed.emit()
        self._settling = differs
