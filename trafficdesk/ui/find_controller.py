"""Finds the next row that has a text, in a thread, from the current row on and round the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Slot

from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.session import AnalysisSession
    from trafficdesk.ui.models.packet_table_model import PacketTableModel
    from trafficdesk.ui.panels.find_bar import FindBar
    from trafficdesk.ui.panels.packet_table import PacketTable

_STOP_WAIT_MS: Final = 5_000


class FindController(QObject):
    """One search at a time; another one ends it."""

    def __init__(
        self,
        session: AnalysisSession,
        model: PacketTableModel,
        table: PacketTable,
        bar: FindBar,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._table = table
        self._bar = bar
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: Background | None = None
        self._stop = threading.Event()
        bar.find_requested.connect(self.find)
        bar.closed.connect(self._on_closed)

    @property
    def busy(self) -> bool:
        """Whether a thread searches."""
        return self._running is not None

    @Slot(str, bool)
    def find(self, text: str, forwards: bool) -> None:
        """Go to the next row that has `text`, or the one before."""
        from trafficdesk.packets.find_text import TextSearch

        self._stop.set()
        self._stop = stop = threading.Event()
        ids = self._model.ids()
        here = self._table.currentIndex().row()
        # The current row comes last, should it be the only one.
        ids = np.roll(ids, -(here + 1)) if forwards else np.roll(ids, -max(here, 0))[::-1]
        search = TextSearch(self._session.log.snapshot(), self._session.log.identities.hosts, text)
        self._bar.say("Looking…")
        self._running = Background(stop, lambda _progress: search.first(ids, stop.is_set), "Finding")
        self._running.signals.done.connect(self._on_done)
        self._running.signals.failed.connect(self._on_failed)
        self._running.start(self._pool)

    def shut_down(self) -> None:
        """End the thread."""
        self._stop.set()
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(object, object)
    def _on_done(self, stop: threading.Event, packet_id: int | None) -> None:
        if stop is not self._stop:
            return
        self._running = None
        row = self._model.row_of(packet_id) if packet_id is not None else None
        self._bar.say("" if row is not None else "Not found among the rows shown")
        if row is not None:
            self._table.go_to_row(row)

    @Slot(object, object)
    def _on_failed(self, stop: threading.Event, _error: object) -> None:
        if stop is self._stop:
            self._running = None
            self._bar.say("The search failed; the log file has the details")

    @Slot()
    def _on_closed(self) -> None:
        self._stop.set()
        self._table.setFocus()
