"""`Keeping`: the history as the settings want it: store, writer and recorder, from start to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

# The package before its parts: two threads that import them in another order leave both half done.
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from trafficdesk.errors import StoreError
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.recorder import Recorder
from trafficdesk.store.retention import Retention
from trafficdesk.store.sensor import this_sensor
from trafficdesk.store.writer import HistoryWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trafficdesk.settings import HistorySettings
    from trafficdesk.store.writer import StoreState

FILE: Final = "history.db"
BACKLOG: Final = "history-backlog.db"


def url_of(settings: HistorySettings, folder: Path, password: Callable[[str, str], str]) -> str:
    """Where the history is: a file in `folder`, or the server of the settings with its password.

    Parameters
    ----------
    password : given server and user name.

    Raises
    ------
    StoreError
        If the server's address can't be understood.
    """
    if not settings.url:
        return file_url(folder / FILE)
    try:
        url = make_url(settings.url)
    except ArgumentError as error:
        raise StoreError(
            "The history's address can't be understood.",
            "Write it like mysql+pymysql://name@server/database, or leave it empty for a local file.",
        ) from error
    if url.password is None and url.host and url.username:
        secret = password(url.host, url.username)
        url = url.set(password=secret) if secret else url
    return url.render_as_string(hide_password=False)


def account_of(settings: HistorySettings) -> tuple[str, str] | None:
    """Server and user name that a password is kept for; None where there are none."""
    try:
        url = make_url(settings.url)
    except ArgumentError:
        return None
    return (url.host, url.username) if url.host and url.username else None


def open_store(settings: HistorySettings, folder: Path, password: Callable[[str, str], str]) -> Database:
    """The store to ask; errors as `url_of` and `Database`."""
    return Database(url_of(settings, folder, password))


class Keeping:
    """A recorder at work.

    Parameters
    ----------
    folder : where the file, the backlog and the sensor's id are.
    password : given server and user name; asked at once, so not for the window's thread where a keyring may ask.
    seed : of the detector.
    on_change : told, from another thread, when what is wrong changes.

    Raises
    ------
    StoreError
        If it can't begin.
    """

    def __init__(
        self,
        settings: HistorySettings,
        folder: Path,
        password: Callable[[str, str], str],
        *,
        seed: int = 0,
        on_change: Callable[[StoreState], None] | None = None,
    ) -> None:
        sensor = this_sensor(folder)
        self._writer = HistoryWriter(
            url_of(settings, folder, password),
            folder / BACKLOG,
            retention=Retention(settings.days, settings.fine_days, settings.megabytes),
            on_change=on_change,
        )
        self._writer.start()
        self.recorder = Recorder(self._writer, sensor, packets=settings.packets, seed=seed)

    @property
    def state(self) -> StoreState:
        """How the store is doing."""
        return self._writer.state

    def close(self) -> bool:
        """Write what waits and end; returns whether nothing was left behind."""
        self.recorder.close()
        return self._writer.close()
