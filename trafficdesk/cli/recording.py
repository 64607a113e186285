"""`monitor`'s history: the recorder, set up from the person's settings and again when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.errors import StoreError, TrafficDeskError
from trafficdesk.paths import data_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    from trafficdesk.cli.monitor_loop import Monitor
    from trafficdesk.settings import HistorySettings, Settings
    from trafficdesk.store.keeping import Keeping
    from trafficdesk.store.writer import StoreState


def check_address(history: HistorySettings) -> None:
    """Raise what is wrong with a store's address; whether it answers shows when it is written to.

    Raises
    ------
    StoreError
        If it can't be understood.
    """
    from trafficdesk.store.keeping import open_store

    if history.enabled and history.url:
        open_store(history, data_dir(), lambda _server, _user: "").close()


class Recording:
    """Records what a monitor sees; without the history the monitoring goes on.

    Parameters
    ----------
    source : what is watched.
    warn : told what is wrong, from any thread.
    """

    def __init__(self, monitor: Monitor, source: str, warn: Callable[[TrafficDeskError], None]) -> None:
        self._monitor = monitor
        self._source = source
        self._warn = warn
        self._keeping: Keeping | None = None
        monitor.store = self.state

    def state(self) -> StoreState | None:
        """How the store is doing; None while there is none."""
        return self._keeping.state if self._keeping is not None else None

    def begin(self, settings: Settings) -> None:
        """Record as the settings say; what was recorded before is written first."""
        self.close()
        if not settings.history.enabled:
            return
        from trafficdesk.export.corrections_json import table_of
        from trafficdesk.settings.secrets import HistoryPassword
        from trafficdesk.store.keeping import Keeping

        try:
            self._keeping = Keeping(
                settings.history,
                data_dir(),
                HistoryPassword().get,
                seed=settings.detection.seed,
                on_change=self._changed,
            )
        except StoreError as error:
            self._warn(error)
            return
        session, pump = self._monitor.session, self._monitor.pump
        session.recorder = self._keeping.recorder
        said = session.recall.corrections
        # None: perhaps there is something, and it is not wanted now; that does not take it back.
        if said.entries:
            session.recorder.note(lambda: table_of(said))
        session.recorder.begin(
            self._source,
            session.log.identities,
            lambda: pump.statistics,
            session.identifier.identity.take_names,
        )

    def close(self) -> None:
        """Write what waits and end; may be called twice."""
        self._monitor.session.recorder = None
        if self._keeping is not None:
            self._keeping.close()
            self._keeping = None

    def _changed(self, state: StoreState) -> None:
        if state.error is not None:
            self._warn(state.error)
        else:
            self._warn(TrafficDeskError("The history is written again.", ""))
