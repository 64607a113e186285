"""Applies a display filter to the log between two paints, a part at a time, and to every batch that follows.

The table is told of rows that follow a few times a second: whatever it is told it lays out and paints anew, which takes
longer than the rows themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from trafficdesk.packets.log import ANALYSIS_FIELDS, CHUNK_ROWS
from trafficdesk.ui.pace import Pace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection
    from trafficdesk.packets.batch import PacketBatch
    from trafficdesk.packets.display_filter import DisplayFilter
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.models.packet_table_model import PacketTableModel

TELL_MS: Final = 500
"""Rows that came wait no longer than that to be shown; the dashboard asks for them sooner."""
_REFRESH_MS: Final = 700
"""How long after new scores a filter that asks for them is run again."""


class FilterController(QObject):
    """Keeps the table's rows in step with the filter."""

    busy_changed = Signal(bool)
    """A search of the log began or ended."""
    changed = Signal()
    """Other rows are shown."""

    def __init__(
        self, session: AnalysisSession, model: PacketTableModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._filter: DisplayFilter | None = None
        self._found: list[NDArray[np.int64]] = []
        self._next_id = 0
        self._pace = Pace()
        self._searching = False
        self._untold: list[NDArray[np.int64]] = []
        """Rows to be shown that the model has not been told of."""
        self._tell = QTimer(self, interval=TELL_MS, singleShot=True)
        self._tell.timeout.connect(self.tell)
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._search_some)
        self._refresh = QTimer(self, interval=_REFRESH_MS, singleShot=True)
        self._refresh.timeout.connect(self._search_again)

    @property
    def active(self) -> bool:
        """Whether a filter is applied."""
        return self._filter is not None

    @property
    def searching(self) -> bool:
        """Whether the log is still being searched."""
        return self._searching

    @Slot(object)
    def apply(self, display_filter: DisplayFilter | None) -> None:
        """Show the rows that `display_filter` chooses; None shows all."""
        self._filter = display_filter
        if display_filter is None:
            self._end_search()
            self._forget_untold()
            self._model.show_all()
            self.changed.emit()
        else:
            self._search_again()

    def capture_began(self) -> None:
        """The log is empty again."""
        self._refresh.stop()
        self._end_search()
        self._forget_untold()
        if self._filter is None:
            self._model.show_all()
        else:
            self._model.show(np.empty(0, np.int64))
        self.changed.emit()

    def ingested(self, batch: PacketBatch) -> None:
        """Show what the filter chooses of rows just appended, soon."""
        if self._filter is None:
            self._untold.append(batch.ids)
        elif not self._searching:
            known = batch.identity.columns() if batch.identity is not None else {}
            chosen = self._filter.mask(batch, unanalysed(len(batch)) | known)
            self._untold.append(batch.ids[chosen])
        if self._untold and not self._tell.isActive():
            self._tell.start()

    @Slot()
    def tell(self) -> None:
        """Show now what waits to be shown."""
        self._tell.stop()
        if self._untold:
            ids = np.concatenate(self._untold)
            self._untold = []
            self._model.append(ids)

    @Slot(object)
    def evict_before(self, packet_id: int) -> None:
        """The log is about to forget the packets older than `packet_id`."""
        self.tell()
        self._model.evict_before(packet_id)

    def analysed(self, _detection: Detection) -> None:
        """Scores changed: a filter that asks for them may choose other rows."""
        if self._filter is not None and _uses_analysis(self._filter) and not self._refresh.isActive():
            self._refresh.start()

    @Slot()
    def identified(self) -> None:
        """Programs and names became known: a filter that asks for them may choose other rows."""
        if self._filter is not None and _uses_analysis(self._filter) and not self._refresh.isActive():
            self._refresh.start()

    def noted(self) -> None:
        """Marks and comments changed: a filter that asks for them may choose other rows."""
        self.identified()

    @Slot()
    def _search_again(self) -> None:
        if self._filter is None:
            return
        self._found = []
        self._next_id = self._session.log.first_id
        if not self._searching:
            self._searching = True
            self.busy_changed.emit(True)
        self._turn.start()

    @Slot()
    def _search_some(self) -> None:
        assert self._filter is not None
        log = self._session.log
        start = max(self._next_id, log.first_id)
        # A part that crosses a chunk would gather its text arena twice.
        chunk_end = start + CHUNK_ROWS - (start - log.first_id) % CHUNK_ROWS
        stop = min(start + self._pace.rows, chunk_end, log.end_id)
        with self._pace.measured():
            self._found.append(log.select(self._filter.mask, start, stop))
        self._next_id = stop
        if stop >= log.end_id:
            self._show_found()

    def _show_found(self) -> None:
        ids = np.concatenate(self._found) if self._found else np.empty(0, np.int64)
        self._end_search()
        # The search went as far as the log does: what waited is among them.
        self._forget_untold()
        self._model.show(ids[ids >= self._session.log.first_id])
        self.changed.emit()

    def _forget_untold(self) -> None:
        self._tell.stop()
        self._untold = []

    def _end_search(self) -> None:
        self._turn.stop()
        self._found = []
        if self._searching:
            self._searching = False
            self.busy_changed.emit(False)


def unanalysed(rows: int) -> dict[str, NDArray]:  # type: ignore[type-arg]  # columns of several dtypes
    """Analysis columns of rows that were not analysed yet."""
    columns = {name: np.zeros(rows, dtype) for name, dtype in ANALYSIS_FIELDS}
    columns["score"][:] = np.nan
    return columns


def _uses_analysis(display_filter: DisplayFilter) -> bool:
    # Fields of the analysis, programs and names all begin so; the same letters inside a quoted text cost one search too many, no more.
    return any(name in display_filter.expression for name in ("td.", "frame.marked", "frame.comment"))
