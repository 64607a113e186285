"""The thread between `monitor` and the analysis process: rows in, detections out, one slice in flight."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.detect.process import AnalysisProcess
    from trafficdesk.packets.batch import PacketBatch

READY: Final = object()
"""Told once, when the process has started."""
_PATIENCE_S: Final = 2.0


class Analyst:
    """The analysis process and the thread that talks to it; one slice in flight."""

    def __init__(self, process: AnalysisProcess, tell: Callable[[object], None]) -> None:
        self._process = process
        self._tell = tell
        self._inbox: queue.SimpleQueue[PacketBatch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="analysis", daemon=True)
        self._thread.start()

    def analyse(self, rows: PacketBatch) -> None:
        """Hand over rows; the answer comes through `tell`."""
        self._inbox.put(rows)

    def close(self) -> None:
        """End the process; an answer still on its way is not waited for."""
        self._inbox.put(None)
        self._process.stop()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            self._process.start()
            self._tell(READY)
            while (rows := self._inbox.get()) is not None:
                self._tell(self._process.analyse(rows))
        except TrafficDeskError as error:
            self._tell(error)
