"""`ui.panels.filter_bar`: colours while typing, the reason beneath, Enter and Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.filter_completion import complete
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


def test_no_word_of_the_reason_is_cut(bar: FilterBar) -> None:
    """A long one stands in several lines, no wider than the line that it speaks of."""
    bar.setFocus()
    heights = []
    for expression in ("tcp.port ==", "ip.addr == not-an-address-" + "far-too-long-for-this-line " * 3):
        bar.set_expression(expression)
        label = bar._reason
        assert label.isVisible()
        assert label.width() <= bar.width()
        assert label.height() >= label.heightForWidth(label.width())
        heights.append(label.height())
    assert heights[0] < heights[1]


def test_the_reason_does_not_render_what_was_typed(bar: FilterBar) -> None:
    """Markup in a filter is shown, not obeyed."""
    bar.set_expression("<b>x</b> ==")
    assert bar._reason.textFormat() == Qt.TextFormat.PlainText
    assert "<b>" not in bar.toolTip()


@pytest.fixture
def completed(bar: FilterBar) -> FilterBar:
    bar.set_completion(complete)
    return bar


def test_names_are_offered_while_typing(qtbot: QtBot, completed: FilterBar) -> None:
    """Tab takes the first one, and what may follow is offered; Enter applies the line as it is written."""
    qtbot.keyClicks(completed, "dns.qry.na")
    assert completed.offered == ["dns.qry.name"]
    qtbot.keyClick(completed, Qt.Key.Key_Tab)
    assert completed.text() == "dns.qry.name"
    assert completed.hasFocus()
    qtbot.keyClicks(completed, " con")
    qtbot.keyClick(completed, Qt.Key.Key_Tab)
    qtbot.keyClicks(completed, '"example"')
    with qtbot.waitSignal(completed.applied) as told:
        qtbot.keyClick(completed, Qt.Key.Key_Return)
    assert told.args[0].expression == 'dns.qry.name contains "example"'


def test_a_marked_offer_is_taken_and_not_applied(qtbot: QtBot, completed: FilterBar) -> None:
    """Down marks, Enter writes what is marked in place of the word at the cursor; the rest of the line stays."""
    completed.setText("tc && ip")
    completed.setCursorPosition(2)
    qtbot.keyClicks(completed, "p.po")
    qtbot.keyClick(completed, Qt.Key.Key_Down)
    with qtbot.assertNotEmitted(completed.applied):
        qtbot.keyClick(completed, Qt.Key.Key_Return)
    assert completed.text() == "tcp.port && ip"


def test_escape_closes_the_offers_first(qtbot: QtBot, completed: FilterBar) -> None:
    """The line is cleared only when there is nothing to close."""
    qtbot.keyClicks(completed, "tcp")
    assert len(completed.offered) > 5
    qtbot.keyClick(completed, Qt.Key.Key_Escape)
    assert (completed.offered, completed.text()) == ([], "tcp")
    qtbot.keyClick(completed, Qt.Key.Key_Escape)
    assert completed.text() == ""
    qtbot.keyClick(completed, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert "ip.addr" in completed.offered
    qtbot.keyClick(completed, Qt.Key.Key_Escape)
    with qtbot.assertNotEmitted(completed.applied):
        qtbot.keyClick(completed, Qt.Key.Key_Tab)
    assert completed.text() == ""


def test_a_click_takes_an_offer(qtbot: QtBot, completed: FilterBar) -> None:
    """The line keeps the focus."""
    qtbot.keyClicks(completed, "arp.op")
    popup = completed._popup
    place = popup.visualRect(popup.model().index(0, 0)).center()
    qtbot.mouseClick(popup.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert completed.text() == "arp.opcode"
    assert completed.hasFocus()
