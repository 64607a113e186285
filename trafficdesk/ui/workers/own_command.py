"""A command of TrafficDesk's own, in a process of its own: what would stall the window for minutes does not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Sequence

_STOP_MS = 2_000
_MOST_COMPLAINT = 2_000


class OwnCommand(QObject):
    """One at a time.

    Signals
    -------
    told : bytes that it wrote to standard output.
    failed : `TrafficDeskError`, from what it said on standard error.

    Parameters
    ----------
    what : begins the sentence where it ends without one: "The training".
    fine : exit codes with which it may have something to tell.
    """

    told = Signal(bytes)
    failed = Signal(object)

    def __init__(self, what: str, fine: Sequence[int] = (0,), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._what = what
        self._fine = fine
        self._process: QProcess | None = None

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._process is not None

    def run(self, arguments: Sequence[str]) -> None:
        """Begin; what is under way is given up."""
        self.stop()
        process = QProcess(self)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        process.start(sys.executable, [*_own_program(), *arguments])

    @Slot()
    def stop(self) -> None:
        """End it; nothing is told."""
        if self._process is not None:
            process, self._process = self._process, None
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_STOP_MS)
            process.deleteLater()

    @Slot()
    def _on_finished(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        said = bytes(process.readAllStandardOutput().data())
        complaint = bytes(process.readAllStandardError().data())[-_MOST_COMPLAINT:].decode("utf-8", "replace")
        well = process.exitStatus() is QProcess.ExitStatus.NormalExit and process.exitCode() in self._fine
        process.deleteLater()
        if well and said:
            self.told.emit(said)
        else:
            words = complaint.strip().rpartition("trafficdesk: ")[2].strip()
            title, _, hint = (words or f"{self._what} ended without a word.").partition(". ")
            self.failed.emit(TrafficDeskError(f"{title.rstrip('.')}.", hint))

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            process, self._process = self._process, None
            words = process.errorString()
            process.deleteLater()
            self.failed.emit(TrafficDeskError(f"{self._what} could not start: {words}.", "Try it again."))


def _own_program() -> list[str]:
    """What stands between the interpreter, or the packaged program, and the command."""
    return [] if getattr(sys, "frozen", False) else ["-m", "trafficdesk"]
