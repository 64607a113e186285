"""Sorts the packet table: a click on a column's head, a thread that finds the order, the rows in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, Slot

from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.models.sorted_rows import SortedRows
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.ui.models.packet_order import SortSource
    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.panels.sort_note import SortNote

_STOP_WAIT_MS: Final = 5_000
_AT_ONCE: Final = 20_000
"""Rows that are sorted before the next paint: a filter's result does not flash in another order first."""


class SortController(QObject):
    """Keeps the rows in the order a person asked for; what arrives meanwhile waits beneath the table.

    Parameters
    ----------
    note : says by what the rows are sorted.
    """

    def __init__(self, model: PacketTableModel, note: SortNote, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._note = note
        self._wanted: tuple[Column, bool] | None = None
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        self._turn = 0
        """Tells the order that is awaited from one that nobody wants any more."""
        self._again = False
        """Whether another order is to be found once the thread is free."""
        model.replaced.connect(self._on_replaced)
        model.held_changed.connect(self._say)
        note.sort_again_clicked.connect(self.sort_again)
        note.capture_order_clicked.connect(self.unsort)

    @property
    def busy(self) -> bool:
        """Whether a thread sorts."""
        return self._running is not None

    @Slot(int)
    def toggle(self, column: int) -> None:
        """A click on a column's head: ascending, descending, the order of the capture."""
        wanted = self._wanted
        if wanted is None or wanted[0] != column:
            self.sort(Column(column), descending=False)
        elif not wanted[1]:
            self.sort(Column(column), descending=True)
        else:
            self.unsort()

    def sort(self, column: Column, *, descending: bool) -> None:
        """Put the rows into this order; rows without a value stand last."""
        self._wanted = (column, descending)
        self.sort_again()

    @Slot()
    def sort_again(self) -> None:
        """Sort what is to be seen now, with what came since."""
        if self._wanted is None:
            return
        self._turn += 1
        ids = self._model.chosen_ids()
        if self._running is None and len(ids) <= _AT_ONCE:
            self._model.arrange(self._wanted, _sorted(self._model.sort_source(), ids, self._wanted))
            return
        self._note.show_sorting(self._wanted[0])
        if self._running is None:
            self._start(ids)
        else:
            self._again = True

    @Slot()
    def unsort(self) -> None:
        """Back to the order of the capture."""
        self._wanted = None
        self._turn += 1
        self._again = False
        self._model.unsort()
        self._say()

    def shut_down(self) -> None:
        """End the thread."""
        self._again = False
        self._pool.waitForDone(_STOP_WAIT_MS)

    def _start(self, ids: NDArray[np.int64]) -> None:
        assert self._wanted is not None
        source, wanted = self._model.sort_source(), self._wanted
        self._again = False
        self._running = Background(
            (self._turn, wanted), lambda _progress: _sorted(source, ids, wanted), "Sorting"
        )
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    @Slot(object, object)
    def _on_done(self, key: tuple[int, tuple[Column, bool]], rows: SortedRows) -> None:
        self._running = None
        turn, wanted = key
        if turn == self._turn:
            self._model.arrange(wanted, rows)
        elif self._again:
            self._start(self._model.chosen_ids())

    @Slot(object, object)
    def _on_failed(self, key: tuple[int, tuple[Column, bool]], _error: object) -> None:
        # The log file has the reason; a capture that ended meanwhile has none worth a banner.
        self._running = None
        if key[0] == self._turn:
            self.unsort()
        elif self._again:
            self._start(self._model.chosen_ids())

    @Slot()
    def _on_replaced(self) -> None:
        self._turn += 1
        if self._wanted is not None:
            self.sort_again()

    @Slot()
    def _say(self) -> None:
        if self._model.sorted_by is None and self._running is None:
            # The table may have been told to follow the newest packet.
            self._wanted = None
        if self._running is None or self._wanted is None:
            self._note.show_sorted(self._model.sorted_by, self._model.held)


def _sorted(source: SortSource, ids: NDArray[np.int64], by: tuple[Column, bool]) -> SortedRows:
    # Rows that have left since they were asked for would have no values.
    ids = ids[ids >= source.log.first_id]
    return SortedRows(ids, source.order(ids, by[0], descending=by[1]))
