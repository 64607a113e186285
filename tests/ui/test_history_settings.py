"""Settings of the history: a server's password, a connection that is really tried, and forgetting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from tests.helpers.stored import NOON_S, NS, random_batch
from trafficdesk.paths import data_dir
from trafficdesk.settings import HistorySettings, Settings
from trafficdesk.store.database import Database, file_url
from trafficdesk.store.forgetting import forget
from trafficdesk.store.history import History, Span
from trafficdesk.store.keeping import FILE
from trafficdesk.store.migrations import bring_up_to_date
from trafficdesk.store.parcel import Parcel
from trafficdesk.store.rollup import RollUp
from trafficdesk.ui.dialogs.history_page import HistoryPage
from trafficdesk.ui.dialogs.settings_dialog import SettingsDialog
from trafficdesk.ui.panels.status import StatusBar, StatusReport
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

SERVER = "mysql+pymysql://desk@127.0.0.1:9/history"
EVER = Span(0, 1 << 33)


class Passwords:
    """A keyring that can be looked into."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}

    def get(self, server: str, user: str) -> str:
        return self.known.get((server, user), "")

    def set(self, server: str, user: str, password: str) -> bool:
        self.known[server, user] = password
        return True


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAFFICDESK_HOME", str(tmp_path))
    return tmp_path


def shown(qtbot: QtBot, section: HistorySettings) -> HistoryPage:
    page = HistoryPage(section, LIGHT, secrets=Passwords())
    qtbot.addWidget(page)
    return page


def ended(qtbot: QtBot, page: HistoryPage) -> str:
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    return page.outcome.text()


def recorded(sensors: tuple[int, ...]) -> Database:
    data_dir().mkdir(parents=True)
    database = Database(file_url(data_dir() / FILE))
    bring_up_to_date(database)
    for sensor in sensors:
        parcel = Parcel()
        RollUp(sensor).add(random_batch(500, sensor), NOON_S * NS, parcel)
        with database.transaction() as connection:
            parcel.write(database, connection)
    return database


def packets_in(database: Database) -> int:
    return sum(packets for _, packets, _ in History(database).volume(EVER))


def test_a_server_that_does_not_answer_is_told(qtbot: QtBot) -> None:
    """With the cause, and the button works again."""
    page = shown(qtbot, HistorySettings(url=SERVER))
    page.test.click()
    assert not page.test.isEnabled()
    words = ended(qtbot, page)
    assert "out of reach" in words
    assert "Check address and port" in words
    assert page.test.isEnabled()


def test_a_file_answers_with_its_size(qtbot: QtBot) -> None:
    """Nothing need be entered for that."""
    recorded((1,)).close()
    page = shown(qtbot, HistorySettings())
    page.test.click()
    assert "It answers, and holds" in ended(qtbot, page)


def test_everything_is_forgotten(qtbot: QtBot) -> None:
    """And what comes after is kept again."""
    database = recorded((1, 2))
    assert packets_in(database) == 1_000
    page = shown(qtbot, HistorySettings())
    page.forget_all()
    ended(qtbot, page)
    assert "were forgotten" in page.forgotten.text()
    assert packets_in(database) == 0
    database.close()


def test_on_a_server_others_keep_theirs() -> None:
    """What this machine wrote is forgotten, not what the others did."""
    database = recorded((1, 2))
    assert forget(database, 1) > 0
    assert packets_in(database) == 500
    database.close()


def test_a_server_s_password_goes_to_the_keyring(qtbot: QtBot) -> None:
    """Never into the settings; blank keeps what is stored."""
    passwords, saved = Passwords(), list[Settings]()
    settings = replace(Settings(), history=HistorySettings(url=SERVER))
    dialog = SettingsDialog(settings, Passwords(), save=saved.append, history_secrets=passwords)
    qtbot.addWidget(dialog)
    page = dialog.pages["history"]
    assert isinstance(page, HistoryPage)
    page.password.setText("s3cret")
    with qtbot.waitSignal(dialog.kept):
        dialog.apply()
    assert passwords.known == {("127.0.0.1", "desk"): "s3cret"}
    assert page.password.text() == ""
    assert page.keeping() is None
    assert "s3cret" not in repr(saved)


def test_a_password_needs_an_account(qtbot: QtBot) -> None:
    """Else nobody could tell whose it is."""
    page = shown(qtbot, HistorySettings(url="mysql+pymysql://server/history"))
    page.password.setText("s3cret")
    problem = page.problem()
    assert problem is not None
    assert problem[1] is page.editors["url"]


def test_the_status_bar_says_what_is_wrong_with_the_history(qtbot: QtBot) -> None:
    """Only then; a click asks for its settings."""
    bar = StatusBar(LIGHT)
    qtbot.addWidget(bar)
    bar.show_report(StatusReport("Ready"))
    assert bar.text("history") == ""
    bar.show_report(StatusReport("Ready", history="History 12 s behind"))
    assert bar.text("history") == "History 12 s behind"
    with qtbot.waitSignal(bar.history_clicked):
        qtbot.mouseClick(bar._labels["history"], Qt.MouseButton.LeftButton)
