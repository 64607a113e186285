"""Keeps the page of statistics in step with the log: counts in a thread, about once a second, while it is looked at.

Rows that leave the log are counted before they are gone, looked at or not, so that a table covers the whole capture.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

from trafficdesk.metrics.table_feed import TableFeed
from trafficdesk.metrics.tables import TrafficTables
from trafficdesk.packets.batch import Sample
from trafficdesk.packets.identities import RowIdentity
from trafficdesk.ui.sheet_export import SheetExport
from trafficdesk.ui.statistics_request import Request, Tab, answer
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from trafficdesk.packets.log import PacketLog
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.panels.statistics import StatisticsPage
    from trafficdesk.ui.statistics_request import Answer

_REFRESH_MS: Final = 1_000
_TURN_ROWS: Final = 524_288
"""Rows counted before the table is shown: a fifth of a second's work."""
_TAKEN_ROWS: Final = 32_768
_STOP_WAIT_MS: Final = 5_000


class StatisticsController(QObject):
    """Owns the tables; only the one job under way touches them.

    Parameters
    ----------
    rate : bytes/s and packets/s now, None where nothing is being captured.
    """

    exported = Signal(int, str)
    """Rows written, and the file's path."""
    failed = Signal(object)
    """`TrafficDeskError`."""

    def __init__(
        self,
        session: AnalysisSession,
        model: PacketTableModel,
        page: StatisticsPage,
        rate: Callable[[], tuple[float, float] | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._page = page
        self._rate = rate
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._job: Background | None = None
        self._export = SheetExport(self._pool, self)
        self._export.exported.connect(self.exported)
        self._export.failed.connect(self.failed)
        self._shown: tuple[Request, int, int] | None = None
        """What was asked for last, how many rows there were, and where it matters how many were analysed."""
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        page.request_changed.connect(self._on_request)
        self.begin()

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._job is not None

    def begin(self) -> None:
        """A capture begins."""
        self._tables = self._new_tables()
        self._feed = TableFeed(self._session.log)
        self._shown = None
        self._page.forget()
        self.filter_changed()

    @Slot(object)
    def evicting(self, first_kept_id: int) -> None:
        """Rows before `first_kept_id` are about to leave the log."""
        self._feed.leaving(first_kept_id)
        self._start()

    @Slot()
    def filter_changed(self) -> None:
        """Other rows are shown."""
        self._limited: TrafficTables | None = None
        self._limited_next = 0
        self._shown = None
        self._page.set_filtered(filtered=self._model.filtered)

    @Slot()
    def identified(self) -> None:
        """Programs and names became known of rows that were counted already."""
        self._shown = None

    @Slot(bool)
    def set_looked_at(self, looked_at: bool) -> None:
        """Whether the page is in front."""
        if looked_at:
            self._timer.start()
            self.refresh()
        else:
            self._timer.stop()

    @Slot()
    def refresh(self) -> None:
        """Bring the page up to date."""
        if self._page.tab is Tab.OVERVIEW:
            self._page.show_overview(self._session.metrics.snapshot(), self._rate())
        else:
            self._start()

    def export(self, path: Path) -> None:
        """Write the table in front; see `SheetExport.export`."""
        self._export.export(self._page.table, path)

    def shut_down(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(object)
    def _on_request(self, _request: Request) -> None:
        if self._timer.isActive():
            self.refresh()

    def _start(self) -> None:
        if self._job is not None:
            return
        looked_at = self._timer.isActive() and self._page.tab is not Tab.OVERVIEW
        analysed = self._session.scored if self._page.tab is Tab.ACTIVE else 0
        wanted = (self._page.request, self._session.log.end_id, analysed)
        if looked_at and wanted != self._shown:
            job = self._limited_job() if wanted[0].limited else self._whole_job(wanted[0])
            self._shown = wanted if self._is_last_turn(wanted[0]) else None
        elif self._feed.has_waiting:
            job = self._whole_job(None)
        else:
            return
        # The tables tell a job of a capture that has ended from one of this.
        self._job = Background(self._tables, job, "Counting")
        self._job.signals.done.connect(self._on_done)
        self._job.signals.failed.connect(self._on_failed)
        self._job.start(self._pool)

    def _new_tables(self) -> TrafficTables:
        return TrafficTables(identities=self._session.log.identities)

    def _is_last_turn(self, request: Request) -> bool:
        return self._limited_next >= self._session.log.end_id if request.limited else self._feed.is_current

    def _whole_job(self, request: Request | None) -> Callable[[object], Answer | None]:
        tables, batches = self._tables, self._feed.take(_TURN_ROWS if request is not None else 0)
        log = self._session.log.snapshot()

        def work(_progress: object) -> Answer | None:
            for batch in batches:
                tables.add(batch)
            tables.tell(log)
            return answer(tables, request, log) if request is not None else None

        return work

    def _limited_job(self) -> Callable[[object], Answer]:
        if self._limited is None:
            self._limited = self._new_tables()
        tables, request = self._limited, self._page.request
        ids = self._model.chosen_ids()
        stop = self._session.log.end_id
        chosen = ids[np.searchsorted(ids, self._limited_next) :][:_TURN_ROWS]
        # Not all were taken: the next turn goes on behind them.
        self._limited_next = int(chosen[-1]) + 1 if len(chosen) == _TURN_ROWS else stop
        log = self._session.log.snapshot()

        def work(_progress: object) -> Answer:
            _count(tables, log, chosen)
            return answer(tables.tell(log), request, log, ids)

        return work

    @Slot(object, object)
    def _on_done(self, tables: TrafficTables, given: Answer | None) -> None:
        self._job = None
        if tables is self._tables and given is not None:
            self._page.show_answer(given)
            self._say_missed(given)
        changed = given is not None and given.request != self._page.request
        if self._shown is None or changed or self._feed.has_waiting:
            self._start()

    @Slot(object, object)
    def _on_failed(self, _tables: TrafficTables, error: object) -> None:
        self._job = None
        self.failed.emit(error)

    def _say_missed(self, given: Answer) -> None:
        gone = self._session.log.first_id if given.request.limited else self._feed.missed
        if gone:
            why = "have left the table" if given.request.limited else "came too fast"
            self._page.say(f"{gone:,} packets are not counted: they {why}.")


def _count(tables: TrafficTables, log: PacketLog, ids: NDArray[np.int64]) -> None:
    """Count the packets `ids` of a log that does not change."""
    ids = ids[ids >= log.first_id]
    for start in range(0, len(ids), _TAKEN_ROWS):
        part = ids[start : start + _TAKEN_ROWS]
        ones = np.ones(len(part), np.float32)
        whose = RowIdentity(np.full(len(part), -1), log.column("program", part), log.column("host", part))
        sample = Sample(part, ones, ones, ones, ones)
        tables.add(replace(log.take(part), first_id=int(part[0]), sample=sample, identity=whose))
