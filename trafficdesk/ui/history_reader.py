"""Answers the page of history off the window's thread: one question at a time, the newest counts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

from trafficdesk.paths import data_dir
from trafficdesk.ui.sheet_export import SheetExport
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings import HistorySettings, Settings
    from trafficdesk.settings.secrets import Password
    from trafficdesk.store.database import Database
    from trafficdesk.ui.history_request import HistoryAnswer, HistoryRequest
    from trafficdesk.ui.panels.history import HistoryPage
    from trafficdesk.ui.preferences import Preferences

_REFRESH_MS: Final = 10_000
"""What a running capture adds is seen while it is looked at."""
_STOP_WAIT_MS: Final = 8_000


class HistoryReader(QObject):
    """Owns the connection; only the one job under way uses it.

    Parameters
    ----------
    password : of a server; asked in the thread.
    clock : seconds since the Unix epoch.
    """

    exported = Signal(int, str)
    """Rows written, and the file's path."""
    failed = Signal(object)
    """`TrafficDeskError` of an export."""

    def __init__(
        self,
        page: HistoryPage,
        preferences: Preferences,
        password: Password,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._preferences = preferences
        self._password = password
        self._clock = clock
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._job: Background | None = None
        self._export = SheetExport(self._pool, self)
        self._export.exported.connect(self.exported)
        self._export.failed.connect(self.failed)
        self._wanted = False
        self._store = _Store()
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        page.request_changed.connect(self._on_request)
        page.refresh_requested.connect(self.refresh)
        preferences.changed.connect(self._on_settings)

    @property
    def pool(self) -> QThreadPool:
        """One thread, for what the page wants besides."""
        return self._pool

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._job is not None

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
        """Ask again."""
        if self._job is not None:
            self._wanted = True
            return
        settings, request = self._preferences.settings.history, self._page.request
        store, password, now_s, folder = self._store, self._password, int(self._clock()), data_dir()

        def work(_progress: object) -> HistoryAnswer:
            database = store.opened(settings, folder, password)
            from trafficdesk.store.history import History
            from trafficdesk.ui.history_answer import answer

            return answer(History(database), request, now_s)

        self._page.show_waiting()
        self._job = Background(request, work, "Asking the history")
        self._job.signals.done.connect(self._on_done)
        self._job.signals.failed.connect(self._on_failed)
        self._job.start(self._pool)

    def export(self, path: Path) -> None:
        """Write the table in front; see `SheetExport.export`."""
        self._export.export(self._page.table, path)

    def forget_store(self) -> None:
        """Connect anew at the next question."""
        self._store.forget()

    def shut_down(self) -> None:
        """End the thread and let go of the store."""
        self._timer.stop()
        self._wanted = False
        if self._pool.waitForDone(_STOP_WAIT_MS):
            self._store.close()

    @Slot(object)
    def _on_request(self, _request: HistoryRequest) -> None:
        if self._timer.isActive():
            self.refresh()

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.history != now.history and self._timer.isActive():
            self.refresh()

    @Slot(object, object)
    def _on_done(self, request: HistoryRequest, given: HistoryAnswer) -> None:
        self._job = None
        if request == self._page.request:
            self._page.show_answer(given)
        self._go_on(request)

    @Slot(object, object)
    def _on_failed(self, request: HistoryRequest, error: TrafficDeskError) -> None:
        self._job = None
        if request == self._page.request:
            self._page.show_error(error)
        self._go_on(request)

    def _go_on(self, request: HistoryRequest) -> None:
        if self._wanted or request != self._page.request:
            self._wanted = False
            self.refresh()


class _Store:
    """The database, opened at the first question and again where the settings or the password name another."""

    def __init__(self) -> None:
        self._database: Database | None = None
        self._settings: HistorySettings | None = None

    def opened(self, settings: HistorySettings, folder: Path, password: Password) -> Database:
        if self._database is None or settings != self._settings:
            from trafficdesk.store.keeping import open_store
            from trafficdesk.store.migrations import bring_up_to_date

            self.close()
            database = open_store(settings, folder, password.get)
            bring_up_to_date(database)
            self._database, self._settings = database, settings
        return self._database

    def forget(self) -> None:
        """What is open is closed at the next question, in its thread."""
        self._settings = None

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
