"""Keeps the threat lists in force: reads them in a thread, again when the folder changes, and looks through the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QFileSystemWatcher, QObject, QThreadPool, QTimer, Slot

from trafficdesk.paths import private_dir
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings import Settings
    from trafficdesk.threats import Library, ThreatList
    from trafficdesk.ui.desk import Desk

_log = logging.getLogger(__name__)

_SETTLE_MS: Final = 1_000
"""After a change of the folder: a file that is being copied there changes several times; and after other lists are in
force: batches that were looked through with the former ones are in the log by then."""
_STOP_WAIT_MS: Final = 10_000


class ThreatsController(QObject):
    """Joins folder and settings with the session and the table's column.

    Parameters
    ----------
    desk : whose session and window.
    library : reads the lists; the person's own by default.
    """

    def __init__(self, desk: Desk, library: Library | None = None) -> None:
        super().__init__(desk)
        self._desk = desk
        self._library = library
        self._settings = desk.preferences.settings.threats
        self._lists: tuple[ThreatList, ...] = ()
        self._off: tuple[str, ...] = ()
        self._told: set[str] = set()
        """Files that were complained about."""
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._reading: Background | None = None
        self._looking: Background | None = None
        self._again = False
        self._watcher = QFileSystemWatcher(self)
        self._later = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._later.timeout.connect(self.read)
        self._look_later = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._look_later.timeout.connect(self._look_through_log)
        self._watcher.directoryChanged.connect(self._on_changed)
        self._watcher.fileChanged.connect(self._on_changed)
        desk.preferences.changed.connect(self._on_settings)
        desk.capture.began.connect(self._show_column)
        desk.capture.ingested.connect(self._show_column)
        desk.window.actions_["show_listed"].triggered.connect(self.show_listed)

    @property
    def library(self) -> Library:
        """Reads the lists; what it needs is imported when the first window is there."""
        if self._library is None:
            from trafficdesk.threats import Library

            self._library = Library()
        return self._library

    @property
    def lists(self) -> tuple[ThreatList, ...]:
        """As they were read last."""
        return self._lists

    @property
    def busy(self) -> bool:
        """Whether lists are being read, or the log looked through."""
        waiting = self._later.isActive() or self._look_later.isActive()
        return waiting or self._reading is not None or self._looking is not None

    @Slot()
    def read(self) -> None:
        """Read what is new, in a thread; at first, make the folder where lists are dropped."""
        if self._reading is not None:
            self._again = True
            return
        files, known = self._settings.files, self._library
        self._reading = Background(None, lambda _progress: _read(files, known), "Reading threat lists")
        self._reading.signals.done.connect(self._on_read)
        self._reading.signals.failed.connect(self._on_failed)
        self._reading.start(self._pool)

    @Slot()
    def show_listed(self) -> None:
        """Filter by what is on a list."""
        self._desk.window.filter_bar.set_expression("td.threat")
        self._desk.window.show_packets()

    def shut_down(self) -> None:
        """End the thread."""
        self._later.stop()
        self._look_later.stop()
        self._pool.waitForDone(_STOP_WAIT_MS)

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.threats != now.threats:
            self._settings = now.threats
            self.read()

    @Slot(str)
    def _on_changed(self, _path: str) -> None:
        self._later.start()

    @Slot(object, object)
    def _on_read(self, _key: object, found: tuple[Library, tuple[ThreatList, ...]]) -> None:
        self._reading = None
        self._library, lists = found
        self._watch(lists)
        if lists != self._lists or self._settings.off != self._off:
            self._use(lists)
        if self._again:
            self._again = False
            self.read()

    def _use(self, lists: tuple[ThreatList, ...]) -> None:
        from trafficdesk.threats.library import matching_of

        had = self._desk.session.log.identities.matching
        self._lists, self._off = lists, self._settings.off
        matching = matching_of(lists, self._off)
        self._desk.session.log.identities.matching = matching
        for one in lists:
            name = str(one.path)
            if one.error and name not in self._told and name not in self._off:
                self._told.add(name)
                self._desk.window.banner.show_message(
                    f"The threat list {name} is not used: {one.error}.",
                    "Look at it in the settings, under Threat lists.",
                    "warning",
                )
        if had is not None or matching is not None:
            self._look_later.start()

    def _watch(self, lists: tuple[ThreatList, ...]) -> None:
        wanted = {str(one.path) for one in lists}
        if self.library.folder.is_dir():
            wanted.add(str(self.library.folder))
        present = {*self._watcher.files(), *self._watcher.directories()}
        if gone := sorted(present - wanted):
            self._watcher.removePaths(gone)
        if new := sorted(wanted - present):
            self._watcher.addPaths(new)

    @Slot()
    def _look_through_log(self) -> None:
        if self._looking is not None:
            self._look_later.start()
            return
        from trafficdesk.threats.rematch import rematched

        log, matching = self._desk.session.log.snapshot(), self._desk.session.log.identities.matching
        if not len(log):
            return
        self._looking = Background(
            self._desk.session.capture_id, lambda _progress: list(rematched(log, matching)), "Matching"
        )
        self._looking.signals.done.connect(self._on_looked)
        self._looking.signals.failed.connect(self._on_failed)
        self._looking.start(self._pool)

    @Slot(object, object)
    def _on_looked(self, capture_id: int, hits: list[tuple[NDArray[np.int64], NDArray[np.uint16]]]) -> None:
        self._looking = None
        session = self._desk.session
        if capture_id != session.capture_id:
            return
        for ids, numbers in hits:
            session.log.update_analysis("threat", ids, numbers)
        self._desk.model.refresh_identity()
        self._desk.display.identified()
        self._desk.details.show_who()
        self._show_column()

    @Slot()
    def _show_column(self) -> None:
        """Whether the column has something to say: room is scarce."""
        met = len(self._desk.session.log.identities.threats) > 1
        self._desk.window.page.table.header.set_useful(Column.THREAT, useful=met)

    @Slot(object, object)
    def _on_failed(self, _key: object, error: TrafficDeskError) -> None:
        self._reading = self._looking = None
        self._desk.window.banner.show_error(error)


def _read(files: tuple[str, ...], known: Library | None) -> tuple[Library, tuple[ThreatList, ...]]:
    """In the thread: also what has to be imported for it is, there."""
    from trafficdesk.threats import Library

    library = known or Library()
    try:
        private_dir(library.folder)
    except OSError as error:
        _log.warning("no folder for threat lists: %s", error)
    return library, library.lists(files)
