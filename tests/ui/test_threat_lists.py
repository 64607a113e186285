"""`ui.threats_controller` and `ui.dialogs.threats_page`: lists are dropped, added, switched off, and take effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.helpers.named import CLIENT, batch_of, tcp
from trafficdesk.app import Desktop, Options
from trafficdesk.settings import Settings, ThreatSettings
from trafficdesk.threats import Library
from trafficdesk.threats.library import lists_folder
from trafficdesk.ui.dialogs.threats_page import ThreatsPage
from trafficdesk.ui.models.packet_page import Column
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

BAD = "203.0.113.7"


@pytest.fixture
def desktop(qtbot: QtBot) -> Iterator[Desktop]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    desktop = Desktop(app, Options(), Settings())
    qtbot.addWidget(desktop.window)
    yield desktop
    desktop.shut_down()


def settled(qtbot: QtBot, desktop: Desktop) -> None:
    qtbot.waitUntil(lambda: not desktop.threats.busy, timeout=20_000)


def shown(desktop: Desktop, row: int) -> str:
    return desktop.model.text(row, Column.THREAT)


def test_a_list_that_is_dropped_is_used_at_once(qtbot: QtBot, desktop: Desktop) -> None:
    """Rows that are there are looked through, rows that come are matched, the column is there; taken away, nothing is left of it."""
    desktop.threats.read()
    settled(qtbot, desktop)
    desktop.window.resize(1_900, 900)
    desktop.window.show_capture("x")
    desktop.window.show()
    header = desktop.window.page.table.header
    assert header.isSectionHidden(Column.THREAT)
    session = desktop.session
    session.begin()
    for first in (0, 2):
        if first:
            (lists_folder() / "Feodo.txt").write_text(f"{BAD}\n")
            qtbot.waitUntil(lambda: bool(desktop.threats.lists), timeout=20_000)
            settled(qtbot, desktop)
        batch = batch_of(tcp(CLIENT, BAD, (1, 2)), tcp(CLIENT, "198.51.100.1", (1, 2)), first_id=first)
        desktop.desk.display.ingested(session.ingest(session.identifier.identify(batch)).batch)
        desktop.desk.display.tell()
    assert [shown(desktop, row) for row in range(4)] == ["Feodo", "", "Feodo", ""]
    assert not header.isSectionHidden(Column.THREAT)
    desktop.window.actions_["show_listed"].trigger()
    qtbot.waitUntil(lambda: desktop.model.rowCount() == 2)
    (lists_folder() / "Feodo.txt").unlink()
    qtbot.waitUntil(lambda: not desktop.threats.lists, timeout=20_000)
    settled(qtbot, desktop)
    qtbot.waitUntil(lambda: desktop.model.rowCount() == 0)


def test_settings_switch_lists(qtbot: QtBot, desktop: Desktop, tmp_path: Path) -> None:
    """A file from elsewhere is used when it is added, and not while it is switched off; a missing one is said once."""
    desktop.threats.read()
    settled(qtbot, desktop)
    path = tmp_path / "mine.txt"
    path.write_text("bad.example\n")
    identities = desktop.session.log.identities
    preferences = desktop.preferences
    preferences.set(replace(preferences.settings, threats=ThreatSettings(files=(str(path),))))
    settled(qtbot, desktop)
    assert identities.matching is not None
    preferences.set(
        replace(preferences.settings, threats=ThreatSettings(files=(str(path),), off=(str(path),)))
    )
    settled(qtbot, desktop)
    assert identities.matching is None
    preferences.set(
        replace(preferences.settings, threats=ThreatSettings(files=(str(tmp_path / "gone.txt"),)))
    )
    settled(qtbot, desktop)
    assert "gone.txt is not used" in desktop.window.banner.text


def a_page(qtbot: QtBot, folder: Path, section: ThreatSettings | None = None) -> ThreatsPage:
    page = ThreatsPage(section or ThreatSettings(), LIGHT, Library(folder))
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.again.isEnabled)
    return page


def row_of(page: ThreatsPage, row: int) -> list[str]:
    items = [page.table.item(row, column) for column in range(page.table.columnCount())]
    return [item.text() if item is not None else "" for item in items]


def test_the_page_tells_what_there_is(qtbot: QtBot, tmp_path: Path) -> None:
    """Name, format, entries, age and problems; the chosen list's problems by their lines; hostile text is inert."""
    (tmp_path / "a\u202e<b>.txt").write_text("# Updated 2020-01-01\n203.0.113.7\n<b>\u202e</b>\n10.0.0.1\n")
    (tmp_path / "b.json").write_text("{")
    page = a_page(qtbot, tmp_path)
    first = row_of(page, 0)
    assert first[0].isprintable()
    assert first[1:3] == ["text", "1"]
    assert first[3].endswith("days, old")
    assert first[4] == "2"
    problems = page.problems.toPlainText()
    assert problems.startswith("line 3: ")
    assert "line 4: 10.0.0.1 is private" in problems
    assert "\u202e" not in problems
    page.table.setCurrentCell(1, 0)
    assert "is no JSON" in page.problems.toPlainText()
    assert "Old, fetch them anew" in page.state.text()
    page.apply_theme(DARK)


def test_the_page_edits_the_settings(qtbot: QtBot, tmp_path: Path) -> None:
    """Adding, switching off and removing; what lies in the folder can be switched off only."""
    folder, added = tmp_path / "lists", tmp_path / "mine.txt"
    folder.mkdir()
    (folder / "own.txt").write_text("203.0.113.7\n")
    added.write_text("bad.example\n")
    page = a_page(qtbot, folder)
    assert page.section() == ThreatSettings()
    with qtbot.waitSignal(page.edited):
        page.add_files([str(added), str(added)])
    qtbot.waitUntil(lambda: page.table.rowCount() == 2 and page.again.isEnabled())
    assert page.section().files == (str(added),)
    own, mine = page.table.item(0, 0), page.table.item(1, 0)
    assert own is not None
    assert mine is not None
    with qtbot.waitSignal(page.edited):
        own.setCheckState(Qt.CheckState.Unchecked)
    assert page.section().off == (str(folder / "own.txt"),)
    page.table.setCurrentCell(0, 0)
    assert not page.remove.isEnabled()
    page.table.setCurrentCell(1, 0)
    page.remove.click()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1 and page.again.isEnabled())
    assert page.section().files == ()
