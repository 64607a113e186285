"""`ui.notifications`: told while nobody looks, one for several, and a click leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.helpers.crafted import a_batch
from tests.helpers.incidents import an_incident
from trafficdesk.app import Desktop, Options
from trafficdesk.settings import MailSettings, Settings
from trafficdesk.ui import notices
from trafficdesk.ui.dialogs.mail_page import MailPage
from trafficdesk.ui.notices import Notices
from trafficdesk.ui.notifications import Notifier, Place, worded
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

AWAY, HERE = Qt.ApplicationState.ApplicationInactive, Qt.ApplicationState.ApplicationActive


class Board(Notices):
    """Remembers what was to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, str, object]] = []

    def show_notice(self, title: str, body: str, key: object) -> None:
        self.shown.append((title, body, key))

    def close(self) -> None:
        self.shown.append(("closed", "", None))


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication) -> Iterator[Desktop]:
    sheet = qapp.styleSheet()
    made = Desktop(qapp, Options(), Settings())
    qtbot.addWidget(made.window)
    yield made
    made.shut_down()
    qapp.setStyleSheet(sheet)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> list[Qt.ApplicationState]:
    """Whether a person has the window in front: the last one counts."""
    states = [AWAY]
    monkeypatch.setattr(QGuiApplication, "applicationState", lambda: states[-1])
    return states


def a_notifier(desktop: Desktop, board: Board | None) -> Notifier:
    return Notifier(desktop.desk, lambda _window: board)


def test_the_first_is_told_at_once_and_those_after_it_together(
    desktop: Desktop, state: list[Qt.ApplicationState]
) -> None:
    """Of six incidents within ten seconds there are two notices: one of the first, one of the other five."""
    board = Board()
    notifier = a_notifier(desktop, board)
    for number in range(6):
        incident = an_incident(
            id=number + 1, culprit=f"192.0.2.{number}", sentence=f"Sentence {number}.", severity=40 + number
        )
        desktop.desk.due.emit([incident])
    assert [title for title, _, _ in board.shown] == ["Port scan, severity 40"]
    notifier._pause.timeout.emit()
    (_, first, _), (title, body, place) = board.shown
    assert first == "Sentence 0."
    assert title == "5 incidents, severity up to 45"
    assert body.splitlines() == ["Sentence 5.", "Sentence 4.", "Sentence 3.", "and 2 more"]
    assert place == Place(desktop.session.capture_id, 6)
    notifier._pause.timeout.emit()
    assert len(board.shown) == 2
    notifier.shut_down()
    assert board.shown[-1][0] == "closed"


def test_who_has_the_window_in_front_is_not_told(desktop: Desktop, state: list[Qt.ApplicationState]) -> None:
    """Nor who comes back before the gathered ones are due."""
    board = Board()
    notifier = a_notifier(desktop, board)
    state.append(HERE)
    desktop.desk.due.emit([an_incident(id=1)])
    assert board.shown == []
    state.append(AWAY)
    desktop.desk.due.emit([an_incident(id=2, culprit="a")])
    desktop.desk.due.emit([an_incident(id=3, culprit="b")])
    state.append(HERE)
    notifier._pause.timeout.emit()
    assert len(board.shown) == 1


def test_the_alerts_policy_holds_and_a_box_turns_them_off(
    desktop: Desktop, state: list[Qt.ApplicationState]
) -> None:
    """Severity, the same culprit again, quiet hours: as for mails; unchecked, none are shown."""
    board = Board()
    notifier = a_notifier(desktop, board)
    for incident in (an_incident(id=1, severity=20), an_incident(id=2), an_incident(id=3)):
        desktop.desk.due.emit([incident])
        notifier._pause.timeout.emit()
    assert len(board.shown) == 1
    mail = MailSettings(quiet_hours="00:00-24:00")
    desktop.preferences.set(Settings(mail=mail))
    desktop.desk.due.emit([an_incident(id=4, culprit="a")])
    assert len(board.shown) == 1
    desktop.preferences.set(Settings(mail=MailSettings(notify=False)))
    desktop.desk.due.emit([an_incident(id=5, culprit="b")])
    assert len(board.shown) == 1
    desktop.preferences.set(Settings())
    notifier._pause.stop()
    desktop.desk.due.emit([an_incident(id=6, culprit="c")])
    assert len(board.shown) == 2


@pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)
def test_a_click_brings_the_window_and_selects_the_incident(
    desktop: Desktop, state: list[Qt.ApplicationState], qtbot: QtBot
) -> None:
    """Its rows are selected on the page of packets; of a capture that has gone only the window comes."""
    board = Board()
    notifier = a_notifier(desktop, board)
    session, window = desktop.session, desktop.window
    session.ingest(a_batch(50))
    session.log.update_analysis("incident", np.array([7, 9]), np.array([3, 3], np.int32))
    window.show_capture("eth0")
    window.show_statistics()
    window.hide()
    selected: list[int] = []
    notifier._desk.show_incident = selected.append  # type: ignore[method-assign]
    desktop.desk.due.emit([an_incident(id=3)])
    board.clicked.emit(board.shown[0][2])
    assert window.isVisible()
    assert window.showing_capture
    assert selected == [3]
    board.clicked.emit(Place(session.capture_id - 1, 3))
    assert selected == [3]


def test_what_a_notice_says_is_visible_and_bounded() -> None:
    """Control, bidirectional and invisible characters are escapes; no line is longer than a desktop shows."""
    title, body = worded(
        [an_incident(sentence="\x1b[31m\u202eevil\r\nBcc: x\u200b" + "a" * 900, family="<b>\x07")]
    )
    assert (title + body).isprintable()
    assert "\\x1b[31m\\u202eevil\\x0d\\x0aBcc: x\\u200b" in body
    assert len(body) <= 200


def test_a_desktop_without_any_says_so(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, desktop: Desktop, state: list[Qt.ApplicationState]
) -> None:
    """Nothing to show notices by: the settings say it in a sentence, and an incident changes nothing."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setattr(notices, "_has_tray", lambda: False)
    assert "neither" in notices.no_notices()
    assert notices.notices_for(desktop.window) is None
    a_notifier(desktop, None)
    desktop.desk.due.emit([an_incident()])
    monkeypatch.setattr(MailPage, "look_for_password", lambda _self: None)
    page = MailPage(MailSettings(), LIGHT, secrets=desktop.password, send_test=lambda *_: "")
    qtbot.addWidget(page)
    assert page.editors["notify"].isChecked()
    labels = page.findChildren(type(page._place))
    assert any("neither" in label.text() for label in labels)
