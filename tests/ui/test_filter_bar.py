"""`ui.panels.filter_bar`: colours while typing, the reason beneath, Enter and Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.ui.panels.filter_bar import FilterBar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[FilterBar]:
    window = QWidget()
    qtbot.addWidget(window)
    line = FilterBar(compile_filter, window)
    QVBoxLayout(window).addWidget(line)
    window.resize(600, 200)
    window.show()
    qtbot.waitExposed(window)
    line.setFocus()
    yield line  # noqa: PT022  # the window would be gone with the last reference to it


@pytest.mark.parametrize(
    ("text", "state"), [("tcp.port == 443", "valid"), ("tcp.port ==", "invalid"), ("", "")]
)
def test_the_line_is_coloured_while_typing(qtbot: QtBot, bar: FilterBar, text: str, state: str) -> None:
    """Green, red or plain a moment after the last key, without Enter."""
    bar.setText("frame")
    bar.setText(text)
    qtbot.waitUntil(lambda: bar.state == state)
    assert bool(bar.reason) == (state == "invalid")


def test_enter_applies_what_can_be_understood(qtbot: QtBot, bar: FilterBar) -> None:
    """A valid line is applied; an invalid one changes nothing and says why."""
    with qtbot.waitSignal(bar.applied) as told:
        bar.setText("dns")
        qtbot.keyClick(bar, Qt.Key.Key_Return)
    assert told.args[0].expression == "dns"
    with qtbot.assertNotEmitted(bar.applied):
        bar.setText("dns &&")
        qtbot.keyClick(bar, Qt.Key.Key_Return)
    assert bar.reason
    assert bar._reason.isVisible()


def test_escape_shows_all_rows_again(qtbot: QtBot, bar: FilterBar) -> None:
    """Esc empties the line and takes an applied filter back; without one it only empties."""
    bar.set_expression("dns")
    with qtbot.waitSignal(bar.applied) as told:
        qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert told.args == [None]
    assert bar.text() == ""
    bar.setText("half a thought")
    with qtbot.assertNotEmitted(bar.applied):
        qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.state == ""


def test_the_reason_does_not_render_what_was_typed(bar: FilterBar) -> None:
    """Markup in a filter is shown, not obeyed."""
    bar.set_expression("<b>x</b> ==")
    assert bar._reason.textFormat() == Qt.TextFormat.PlainText
    assert "<b>" not in bar.toolTip()
