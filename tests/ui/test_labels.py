"""`ui.labels`: text of others is shown as it is, wrapped anywhere and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from trafficdesk.ui.labels import ElidedLabel, WrappedLabel, plain_label, tooltip

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

HOSTILE = "<img src=x> <b>bold</b> & \u202etxt.exe\n" + "x" * 400


def test_a_plain_label_never_takes_markup(qtbot: QtBot) -> None:
    """Its format is fixed, not guessed from the text."""
    label = plain_label("<b>bold</b>", "muted")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_an_elided_label_keeps_the_whole(qtbot: QtBot) -> None:
    """A narrow one shows less, and the whole in its tooltip, with markup escaped and controls visible."""
    label = ElidedLabel(HOSTILE)
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert len(label.text()) < 40
    assert "&lt;img src=x&gt;" in label.toolTip()
    assert "\u202e" not in label.whole()
    assert "\n" not in label.text()


def test_a_wrapped_label_is_bounded_in_lines(qtbot: QtBot) -> None:
    """A long word takes as many lines as allowed, never more, at any width."""
    label = WrappedLabel(HOSTILE, max_lines=3)
    qtbot.addWidget(label)
    one_line = WrappedLabel("x")
    qtbot.addWidget(one_line)
    for width in (1, 60, 300):
        assert label.heightForWidth(width) <= 3 * one_line.heightForWidth(300)
    assert label.minimumSizeHint().width() < 60


def test_a_wrapped_label_offers_what_it_cut(qtbot: QtBot) -> None:
    """The tooltip is there exactly where something is missing."""
    label = WrappedLabel("short", max_lines=2)
    qtbot.addWidget(label)
    label.resize(200, 60)
    label.show()
    assert not label.toolTip()
    label.set_text(HOSTILE)
    assert "&lt;b&gt;" in label.toolTip()


@pytest.mark.parametrize("text", ["😀" * 60, "e\u0301" * 80, "日本語" * 40, ""])
def test_a_wrapped_label_draws_any_script(qtbot: QtBot, text: str) -> None:
    """Characters of two UTF-16 units, combining marks and nothing at all are drawn without a fault."""
    label = WrappedLabel(text, max_lines=2)
    qtbot.addWidget(label)
    label.resize(100, 60)
    assert not label.grab().isNull()
    assert label.text() == text


def test_a_unit_stays_on_the_line_of_its_number(qtbot: QtBot) -> None:
    """Whatever the width, and what is read aloud or copied is what was said."""
    words = "about 99 ports tried in 60 s; usually ≤ 2.6 MB of 20 % in 5 steps"
    label = WrappedLabel(words, max_lines=20)
    qtbot.addWidget(label)
    for width in range(60, 400, 7):
        lines = [label._part(start, stop) for start, stop in label._lines(width)]
        assert not any(line.strip().endswith(("60", "≤", "2.6", "20")) for line in lines)
    assert label.text() == label.accessibleName() == words


def test_a_tooltip_shows_markup_as_text() -> None:
    """What looks like markup is escaped."""
    assert tooltip("<a&b>") == "<span>&lt;a&amp;b&gt;</span>"
