"""The capture thread: opens a source and pumps its batches to the window, as fast as the window gives credits."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThread, Signal

from trafficdesk.capture.source import CaptureStatistics
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from trafficdesk.capture.pump import CapturePump, CreditGate
    from trafficdesk.capture.source import FrameStore, Gap
    from trafficdesk.identity import Identifier
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.ui.workers.capture_jobs import CaptureJob

_log = logging.getLogger(__name__)

CREDITS: Final = 4
"""Batches under way to the window: enough to keep it busy, few enough to stop at once (541 waited without)."""
_WARM_UP_ROWS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class FromCapture:
    """Something a capture delivered; late ones of a stopped capture are known by their id."""

    capture_id: int
    value: PacketBatch | FrameStore | TrafficDeskError


class CaptureWorker(QThread):
    """Runs one job to its end. Stop it with `request_stop`, never with `terminate`."""

    batch_ready = Signal(object)
    """`FromCapture` with a `PacketBatch`; `release` gives the credit back when it is in the log."""
    opened = Signal(object)
    """`FromCapture` with the `FrameStore` that has the raw bytes."""
    failed = Signal(object)
    """`FromCapture` with the error that ended the capture; what came before has been delivered."""

    warned = Signal(object)
    """`FromCapture` with what went wrong without ending the capture."""

    def __init__(
        self,
        job: CaptureJob,
        capture_id: int,
        parent: QObject | None = None,
        *,
        identifier: Identifier | None = None,
    ) -> None:
        super().__init__(parent)
        self.job = job
        self._id = capture_id
        self._identifier = identifier
        self._stop = threading.Event()
        self._gate: CreditGate | None = None
        self._pump: CapturePump | None = None

    def release(self) -> None:
        """A batch was taken in; another may come."""
        if self._gate is not None:
            self._gate.release()

    def request_stop(self) -> None:
        """End soon; seen at once also while no frames come."""
        self._stop.set()

    def statistics(self) -> CaptureStatistics:
        """What was received and lost so far."""
        return self._pump.statistics if self._pump is not None else CaptureStatistics()

    def gaps(self) -> tuple[Gap, ...]:
        """Spans in which an interface could not be captured on; those before a batch are here before it."""
        return self._pump.gaps if self._pump is not None else ()

    def waiting_for(self) -> str:
        """Which interfaces are waited for, and why; empty = none."""
        return self._pump.waiting_for if self._pump is not None else ""

    def stop_reason(self) -> str:
        """The limit that ended the capture, as a sentence; empty = none."""
        return self._pump.stop_reason if self._pump is not None else ""

    def run(self) -> None:
        """The thread: whatever happens is reported, nothing is raised into Qt."""
        try:
            if self._identifier is not None and self.job.live:
                self._identifier.watch_sockets()
            self.job.run(self._make_pump(), self._announce)
        except TrafficDeskError as error:
            self.failed.emit(FromCapture(self._id, error))
        except Exception as error:  # noqa: BLE001  # the worker's shell
            _log.exception("the capture of %s failed", self.job.title)
            told = TrafficDeskError(
                f"Reading {self.job.title} failed: {error!r}.", "The log file has the details."
            )
            self.failed.emit(FromCapture(self._id, told))
        finally:
            if self._identifier is not None:
                self._identifier.stop_watching()

    def _make_pump(self) -> CapturePump:
        # Here, not in the constructor: importing the decoder takes 0.2 s, which the window would feel.
        from trafficdesk.capture.pump import CapturePump, CreditGate

        self._gate = CreditGate(CREDITS)
        self._pump = CapturePump(gate=self._gate, stop=self._stop, emit=self._emit, warn=self._warn)
        return self._pump

    def _emit(self, batch: PacketBatch) -> None:
        if batch.first_id == 0:
            _warm_up(batch)
        if self._identifier is not None:
            batch = self._identifier.identify(batch)
        self.batch_ready.emit(FromCapture(self._id, batch))

    def _warn(self, error: TrafficDeskError) -> None:
        self.warned.emit(FromCapture(self._id, error))

    def _announce(self, frames: FrameStore) -> None:
        self.opened.emit(FromCapture(self._id, frames))


def _warm_up(batch: PacketBatch) -> None:
    """Format some rows: the look-up tables behind it take 50 ms to build, which the first paint would feel."""
    from trafficdesk.packets.info import info_texts

    info_texts(batch.slice(0, min(len(batch), _WARM_UP_ROWS)))
