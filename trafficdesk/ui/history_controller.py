"""Records live captures into the history, as the settings say, and tells when that does not go well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

from trafficdesk.export.corrections_json import table_of
from trafficdesk.paths import data_dir
from trafficdesk.ui.workers.background import Background

if TYPE_CHECKING:
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.errors import TrafficDeskError
    from trafficdesk.settings import HistorySettings, Settings
    from trafficdesk.settings.secrets import Password
    from trafficdesk.store.keeping import Keeping
    from trafficdesk.store.writer import StoreState
    from trafficdesk.ui.desk import Desk

_LATER_MS = 3_000
_STOP_WAIT_MS = 8_000


class HistoryController(QObject):
    """Keeps a recorder beside the session.

    It begins in a thread: the keyring may ask for its password, a server may be slow to answer.
    """

    _changed = Signal(object)
    """`StoreState`, from the writer's thread."""

    def __init__(self, desk: Desk, password: Password) -> None:
        super().__init__(desk)
        self._desk = desk
        self._password = password
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._running: list[Background] = []
        self._keeping: Keeping | None = None
        self._open: list[Keeping] = []
        """Begun and not closed, that whose beginning nobody has heard of yet among them."""
        self._next_id = 0
        """First packet of a live capture that no recorder was there for."""
        self._noted: Corrections | None = None
        self._in_trouble = False
        self._later = QTimer(self, interval=_LATER_MS, singleShot=True)
        self._later.timeout.connect(self._begin)
        self._changed.connect(self._on_changed)
        desk.capture.began.connect(self._on_began)
        desk.capture.ended.connect(self._on_ended)
        desk.preferences.changed.connect(self._on_settings)

    @property
    def keeping(self) -> Keeping | None:
        """What is at work; None = no history is kept (yet)."""
        return self._keeping

    def start(self, *, later: bool = False) -> None:
        """Begin, if the settings want a history; what is captured until then is recorded, too.

        Something else goes on, as a file that was just read and is looked at: it may begin `later`.
        """
        if later:
            self._later.start()
        else:
            self._begin()

    @Slot()
    def _begin(self) -> None:
        settings, seed = self._settings, self._desk.preferences.settings.detection.seed
        if not settings.enabled:
            return
        folder, password, changed, opened = data_dir(), self._password.get, self._changed.emit, self._open

        def begin(_progress: object) -> Keeping:
            from trafficdesk.store.keeping import Keeping

            opened.append(Keeping(settings, folder, password, seed=seed, on_change=changed))
            return opened[-1]

        work = Background(settings, begin, "Opening the history")
        work.signals.done.connect(self._on_begun)
        work.signals.failed.connect(self._on_failed)
        self._run(work)

    def shut_down(self) -> None:
        """Write what waits and end."""
        self._later.stop()
        self._pool.waitForDone(_STOP_WAIT_MS)
        self._desk.session.recorder = None
        self._keeping = None
        while self._open:
            self._open.pop().close()

    @property
    def _settings(self) -> HistorySettings:
        return self._desk.preferences.settings.history

    def _run(self, work: Background) -> None:
        # Kept: its answer is on its way when its thread is done.
        self._running = [*self._running[-3:], work]
        work.start(self._pool)

    @Slot(object, object)
    def _on_begun(self, settings: HistorySettings, keeping: Keeping) -> None:
        if keeping not in self._open:
            return  # the program has ended meanwhile
        if settings != self._settings or self._keeping is not None:
            self._close(keeping)
            return
        self._keeping = keeping
        self._desk.session.recorder = keeping.recorder
        self._noted = None
        self.note()
        self._catch_up()

    def _catch_up(self) -> None:
        """Record what came of a live capture while the history was being opened, and what is to come."""
        session, capture = self._desk.session, self._desk.capture
        log, fresh = session.log, not self._next_id
        start = max(self._next_id, log.first_id)
        if capture.job is None or not capture.job.live or not (capture.live or start < log.end_id):
            return
        self._on_began()
        assert self._keeping is not None
        for part in log.views(start, log.end_id):
            known = log.identity(part.first_id, part.first_id + len(part))
            self._keeping.recorder.add(replace(part, identity=known))
        if fresh:
            self._keeping.recorder.tell(session.incidents, model=session.model, gaps=session.gaps)
        if not capture.live:
            self._on_ended()

    @Slot(object, object)
    def _on_failed(self, _settings: HistorySettings, error: TrafficDeskError) -> None:
        self._desk.window.banner.show_error(error)

    @Slot()
    def _on_began(self) -> None:
        job, capture = self._desk.capture.job, self._desk.capture
        self._next_id = 0
        if self._keeping is not None and job is not None and job.live:
            session = self._desk.session
            self._keeping.recorder.begin(
                job.title,
                session.log.identities,
                lambda: capture.statistics,
                session.identifier.identity.take_names,
            )

    @Slot()
    def note(self) -> None:
        """What a person said of flags may have changed: keep a copy."""
        said = self._desk.session.recall.corrections
        if self._keeping is not None and said is not self._noted:
            self._noted = said
            self._keeping.recorder.note(lambda: table_of(said))

    @Slot()
    def _on_ended(self) -> None:
        if self._keeping is not None:
            self._keeping.recorder.stop()

    @Slot(object)
    def _on_changed(self, state: StoreState) -> None:
        """Say it once when it goes wrong, and once when all is well again."""
        if state.error is not None:
            self._in_trouble = True
            self._desk.window.banner.show_error(state.error)
        elif self._in_trouble:
            self._in_trouble = False
            self._desk.window.banner.show_message(
                "The history is written again.", "What was recorded meanwhile is being caught up."
            )

    @Slot(object, object)
    def _on_settings(self, before: Settings, now: Settings) -> None:
        if before.history != now.history:
            self.restart()

    @Slot()
    def restart(self) -> None:
        """Begin anew: the settings or the password are others."""
        self._later.stop()
        self._desk.session.recorder = None
        self._next_id = self._desk.session.log.end_id
        if self._keeping is not None:
            self._close(self._keeping)
            self._keeping = None
        self.start()

    def _close(self, keeping: Keeping) -> None:
        self._open.remove(keeping)
        self._run(Background("", lambda _progress: keeping.close(), "Closing the history"))
