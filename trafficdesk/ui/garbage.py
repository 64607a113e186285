"""Cyclic garbage is collected in the window's thread only.

Python runs its cycle collector in whichever thread happens to allocate. A closed dialog is such a cycle; destroyed from
a capture or worker thread it takes Qt's widgets down with it, and the interpreter (seen 2026-11 as a segmentation fault
in a thread that only imported a module).
"""

from __future__ import annotations

import gc
import sys
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS: Final = 1_000
_IMPORTED: Final = 50
"""Modules that came within that time: with them a library of many classes, which is no garbage."""


class GarbageCollector(QObject):
    """Takes Python's automatic collection over, from its making to `stop`.

    What exists already is frozen first: imported modules never become garbage, and looking through them costs some
    100 ms.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()
        self._thresholds = gc.get_threshold()
        self._modules = len(sys.modules)
        self._timer = QTimer(self, interval=_INTERVAL_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    @Slot()
    def spare(self) -> None:
        """What exists by now will be there until the end: don't look through it."""
        gc.freeze()

    @Slot()
    def collect_due(self) -> None:
        """Collect the oldest generation that has reached its threshold."""
        imported, self._modules = len(sys.modules) - self._modules, len(sys.modules)
        if imported > _IMPORTED:
            # Scapy's classes alone would take 140 ms to look through.
            self.spare()
            return
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Give collection back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
