"""Training from files in a process of its own: TrafficDesk's own `train` command, its report brought back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from trafficdesk.classify.report import TrainingReport
from trafficdesk.errors import TrafficDeskError
from trafficdesk.ui.workers.own_command import OwnCommand

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


_PARTLY_READ = 4
"""Exit code where some of a capture could not be read."""


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
        self._command = OwnCommand("The training", (0, _PARTLY_READ), self)
        self._command.told.connect(self._on_told)
        self._command.failed.connect(self.failed)

    @property
    def running(self) -> bool:
        """Whether a training is under way."""
        return self._command.running

    def train(
        self, captures: Sequence[Path], labels: Sequence[Path], output: Path, *, by_protocol: bool
    ) -> None:
        """Begin; what is under way is given up."""
        arguments = ["train", "--json", "-", "--output", str(output)]
        for path in labels:
            arguments += ["--labels", str(path)]
        if by_protocol:
            arguments += ["--by", "protocol"]
        # After `--`: a file may be called like an option.
        self._command.run([*arguments, "--", *map(str, captures)])

    def stop(self) -> None:
        """End it; nothing is told."""
        self._command.stop()

    @Slot(bytes)
    def _on_told(self, said: bytes) -> None:
        try:
            report = TrainingReport.from_json(json.loads(said))
        except ValueError:
            self.failed.emit(TrafficDeskError("The training ended without a report.", "Try it again."))
        else:
            self.trained.emit(report)
