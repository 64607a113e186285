"""`CorrectionController`: what a person said of flags: in force, undone and redone, kept in a file.

The list in the session is the one in force. It holds at once for what the window knows (rules, what was taken back);
labels hold for the rows that the detector remembers as soon as it has answered, a few milliseconds later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trafficdesk.detect.correction_questions import Hear
from trafficdesk.ui.workers.newest import NewestWriter

if TYPE_CHECKING:
    from trafficdesk.detect.correction_questions import Heard
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.export.corrections_json import CorrectionStore
    from trafficdesk.ui.desk import Desk

MOST_STEPS: Final = 100
"""Steps that can be undone."""
_EXPIRY_MS: Final = 5_000
"""How often rules are looked at that end."""
_NOTHING: Final = (np.empty(0, np.int64), np.empty(0, np.int32))


class CorrectionController(QObject):
    """Corrections of one window.

    Parameters
    ----------
    store : where they are kept.
    """

    changed = Signal()
    """Other corrections are in force, or what they say of the rows has changed."""
    failed = Signal(object)
    """`StoreError`: they hold until TrafficDesk is closed, but could not be written."""

    def __init__(self, desk: Desk, store: CorrectionStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._past: list[Corrections] = []
        self._future: list[Corrections] = []
        self._asked = 0
        self._writer = NewestWriter(store.save, "Saving your corrections", self)
        self._writer.failed.connect(self.failed)
        corrections, self.warnings = store.load()
        desk.session.recall.corrections = corrections
        desk.capture.began.connect(self._on_began)
        self._ends_ns = 0
        self._clock = QTimer(self, interval=_EXPIRY_MS)
        self._clock.timeout.connect(self._look_for_ends)
        self._clock.start()

    @property
    def corrections(self) -> Corrections:
        """Those in force."""
        return self._desk.session.recall.corrections

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back last."""
        return bool(self._future)

    def set(self, corrections: Corrections) -> None:
        """Let `corrections` hold; the step can be undone."""
        self._past = [*self._past, self.corrections][-MOST_STEPS:]
        self._future = []
        self._apply(corrections)

    @Slot()
    def undo(self) -> None:
        """As before the last step."""
        if self._past:
            self._future.append(self.corrections)
            self._apply(self._past.pop())

    @Slot()
    def redo(self) -> None:
        """As before it was undone."""
        if self._future:
            self._past.append(self.corrections)
            self._apply(self._future.pop())

    def shut_down(self) -> None:
        """Wait until what was said last is written."""
        self._writer.shut_down()

    def _apply(self, corrections: Corrections) -> None:
        # A number that was given stays given, though its entry is taken back.
        corrections = corrections.numbered_from(self.corrections.last_number)
        self._desk.session.recall.correct(corrections, _NOTHING)
        self._asked += 1
        asked = self._asked
        question = Hear(corrections.detector_part())
        self._desk.analysis.ask(question, lambda heard: self._on_heard(asked, heard))
        self._show()
        self._writer.write(self.corrections)

    def _on_heard(self, asked: int, heard: Heard) -> None:
        if asked == self._asked:
            self._desk.session.recall.correct(self.corrections, (heard.ids, heard.spoken))
            self._show()

    def _show(self) -> None:
        self._desk.model.refresh_every_mark()
        self._desk.display.noted()
        self._desk.dashboard.touch()
        self.changed.emit()

    @Slot()
    def _look_for_ends(self) -> None:
        """A rule has ended to hold: what it suppressed is flagged again."""
        recall = self._desk.session.recall
        before, self._ends_ns = self._ends_ns, recall.next_expiry_ns
        if before and before != self._ends_ns and self.corrections.ended(before):
            recall.correct(self.corrections, _NOTHING)
            self._show()

    @Slot()
    def _on_began(self) -> None:
        """Another capture: what was said just once is no more, so steps would lead to nowhere."""
        self._past = [step.lasting() for step in self._past]
        self._future = []
        self.changed.emit()
