"""`monitor`'s history: the recorder, set up from the person's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trafficdesk.cli.exit_codes import complain
from trafficdesk.cli.terminal import say
from trafficdesk.errors import StoreError
from trafficdesk.paths import data_dir

if TYPE_CHECKING:
    from contextlib import ExitStack

    from trafficdesk.cli.monitor import Monitor
    from trafficdesk.settings import Settings
    from trafficdesk.store.writer import StoreState


def record_into_history(monitor: Monitor, source: str, settings: Settings, stack: ExitStack) -> None:
    """Record what `monitor` sees until `stack` unwinds; without the history the monitoring goes on."""
    if not settings.history.enabled:
        return
    from trafficdesk.settings.secrets import HistoryPassword
    from trafficdesk.store.keeping import Keeping

    def changed(state: StoreState) -> None:
        if state.error is not None:
            complain(state.error)
        else:
            say("The history is written again.", to_stderr=True)

    try:
        keeping = Keeping(
            settings.history,
            data_dir(),
            HistoryPassword().get,
            seed=settings.detection.seed,
            on_change=changed,
        )
    except StoreError as error:
        complain(error)
        return
    session, pump = monitor.session, monitor.pump
    session.recorder = keeping.recorder
    keeping.recorder.begin(source, session.log.identities, lambda: pump.statistics)
    stack.callback(keeping.close)
