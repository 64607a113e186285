"""Colouring rules: which rule decides, the settings' lines, the dialog, and rows in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.traffic import detection_of, session_with
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.ui.colour_rule import DEFAULTS, Colouring, ColourRule, Hue, from_lines, to_lines
from trafficdesk.ui.dialogs.colour_rules import ColourRulesDialog
from trafficdesk.ui.models.packet_table_model import PacketTableModel
from trafficdesk.ui.panels.packet_table import PacketTable
from trafficdesk.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_the_first_rule_that_is_on_decides() -> None:
    """One that is off, and one that is no filter, colour nothing; numbers are the packets' own."""
    rules = (
        ColourRule("off", "frame", Hue.GREY, on=False),
        ColourRule("broken", "no such field ==", Hue.GREY),
        ColourRule("one", "frame.number == 6", Hue.PINK),
        ColourRule("udp", "udp", Hue.TEAL),
        ColourRule("ip", "ip", Hue.BLUE),
    )
    log = session_with(40).log
    ids = np.array([30, 5, 6, 7, 8, 9, 10], np.int64)
    hues = Colouring(rules, compile_filter).hues(log, ids)
    udp = log.select(compile_filter("udp").mask)
    ip = log.select(compile_filter("ip").mask)
    expected = [
        Hue.PINK if number == 5 else Hue.TEAL if number in udp else Hue.BLUE if number in ip else 0
        for number in ids.tolist()
    ]
    assert hues.tolist() == expected
    assert len(set(expected)) > 2


def test_every_default_is_a_filter() -> None:
    """And one that somebody could have written."""
    for rule in DEFAULTS:
        compile_filter(rule.expression)


def test_lines_come_back_as_they_went() -> None:
    """No line gives the defaults, an empty list stays empty, a broken line is passed over."""
    assert from_lines(()) == DEFAULTS
    assert from_lines(to_lines(DEFAULTS)) == DEFAULTS
    assert from_lines(to_lines(())) == ()
    assert from_lines(("on\tMAUVE\tx\ttcp", "off\tBLUE\ty\tudp")) == (
        ColourRule("y", "udp", Hue.BLUE, on=False),
    )


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_flagged_rows_keep_their_colour(qtbot: QtBot, tokens: object) -> None:
    """A rule's tint is seen on a plain row and not on a flagged one."""
    session = session_with(20)
    session.apply(detection_of(0, 20, unusual=(2,)))
    model = PacketTableModel(session, tokens, ("Unusual",))
    table = PacketTable(model, tokens)
    qtbot.addWidget(table)
    table.resize(700, 400)
    table.show()
    qtbot.waitExposed(table)
    table.selectionModel().clear()

    def ground(row: int) -> str:
        rect = table.visualRect(model.index(row, 0))
        return str(table.viewport().grab(rect).toImage().pixelColor(rect.width() - 3, 3).name())

    before = ground(2)
    model.set_colouring(Colouring((ColourRule("all", "frame", Hue.GREEN),), compile_filter))
    assert ground(3) == tokens.hues[Hue.GREEN - 1]
    assert ground(2) == before == tokens.unusual_background
    model.set_colouring(None)
    assert ground(3) != tokens.hues[Hue.GREEN - 1]


def test_the_dialog_adds_orders_and_judges(qtbot: QtBot) -> None:
    """What is wrong is said; a rule without a filter is left out; defaults come back."""
    dialog = ColourRulesDialog(DEFAULTS[:2], compile_filter, LIGHT)
    qtbot.addWidget(dialog)
    dialog.add()
    assert dialog.rules == DEFAULTS[:2]
    dialog.expression.setText("tcp.port =")
    dialog.expression.textEdited.emit("tcp.port =")
    assert dialog.reason.text()
    dialog.expression.setText("tcp.port == 22")
    dialog.expression.textEdited.emit("tcp.port == 22")
    assert not dialog.reason.text()
    dialog.move_down()
    assert [rule.expression for rule in dialog.rules][1] == "tcp.port == 22"
    dialog.remove()
    assert dialog.rules == DEFAULTS[:2]
    dialog.restore()
    assert dialog.rules == DEFAULTS
