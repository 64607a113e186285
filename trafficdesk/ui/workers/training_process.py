"""Training from files in a process of its own: TrafficDesk's own `train` command, its report brought back."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from trafficdesk.classify.report import TrainingReport
from trafficdesk.errors import TrafficDeskError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_STOP_MS = 2_000
_MOST_COMPLAINT = 2_000


class TrainingProcess(QObject):
    """One training at a time.

    Signals
    -------
    trained : `TrainingReport`; the model lies where it was asked for.
    failed : `TrafficDeskError`.
    """

    trained = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    @property
    def running(self) -> bool:
        """Whether a training is under way."""
        return self._process is not None

    def train(
        self, captures: Sequence[Path], labels: Sequence[Path], output: Path, *, by_protocol: bool
    ) -> None:
        """Begin; what is under way is given up."""
        self.stop()
        arguments = ["train", "--json", "-", "--output", str(output)]
        for path in labels:
            arguments += ["--labels", str(path)]
        if by_protocol:
            arguments += ["--by", "protocol"]
        # After `--`: a file may be called like an option.
        arguments += ["--", *map(str, captures)]
        process = QProcess(self)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        process.start(sys.executable, _own_program() + arguments)

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
        process.deleteLater()
        try:
            report = TrainingReport.from_json(json.loads(said))
        except ValueError:
            words = complaint.strip().rpartition("trafficdesk: ")[2].strip()
            title, _, hint = (words or "The training ended without a word.").partition(". ")
            self.failed.emit(TrafficDeskError(f"{title.rstrip('.')}.", hint))
        else:
            self.trained.emit(report)

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            process, self._process = self._process, None
            words = process.errorString()
            process.deleteLater()
            self.failed.emit(TrafficDeskError(f"The training could not start: {words}.", "Try it again."))


def _own_program() -> list[str]:
    """What stands between the interpreter, or the packaged program, and the command."""
    return [] if getattr(sys, "frozen", False) else ["-m", "trafficdesk"]
