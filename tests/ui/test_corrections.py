"""Saying something of flags in the window: from the card to the file, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QDialogButtonBox

from trafficdesk.detect.correction_questions import Consequences
from trafficdesk.detect.corrections import Corrections, Once
from trafficdesk.detect.labelling import Proposal
from trafficdesk.detect.labels import Label, RowSnapshot, Stance
from trafficdesk.detect.suppression import Direction, SuppressionRule
from trafficdesk.paths import data_dir
from trafficdesk.ui.dialogs.correction import CorrectionDialog
from trafficdesk.ui.dialogs.corrections import CorrectionsDialog
from trafficdesk.ui.dialogs.suppression_rule import SuppressionRuleDialog
from trafficdesk.ui.panels.correction_buttons import CorrectionButtons
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    import pytest
    from PySide6.QtWidgets import QDialog
    from pytestqt.qtbot import QtBot

    from trafficdesk.app import Desktop

LABEL = Label(
    3, Stance.EXPECTED, "our\u202enas", "port scan", "192.168.1.9", 1, 5, 5, 1_700_000_000_000_000_000,
    RowSnapshot((), np.empty((0, 0), np.float32), np.empty(0, np.int64), np.empty(0, np.int64),
                np.empty(0, np.uint8), np.empty(0, np.float32), np.empty(0, np.float32)),
    7, np.empty(0, np.int64),
)  # fmt: skip
RULE = SuppressionRule(4, peer="10.0.0.0/8", family="beacon", note="updates")
ONCE = Once(5, 1, np.empty(0, np.int64), "DNS tunnel", 0)


def opened(desktop: Desktop, kind: type[QDialog]) -> QDialog:
    """The dialog of that kind that is open."""
    (found,) = [one for one in desktop.window.findChildren(kind) if one.isVisible()]
    return found


def test_from_the_incident_to_the_file_and_back(qtbot: QtBot, desktop: Desktop) -> None:
    """Expected, once, suspicious, a rule: each holds at once, is counted, kept, and taken back to what was."""
    desktop.desk.open_sample()
    session, commands = desktop.session, desktop.commands.corrections
    qtbot.waitUntil(lambda: session.log.end_id > 0 and not desktop.desk.analysis.busy, timeout=90_000)
    ids = np.arange(session.log.end_id)
    before = [session.log.column(name, ids) for name in ("score", "verdict")]
    told, flagged = session.incidents, session.flagged
    desktop.desk.show_incident(told[0].id)
    expected = desktop.window.page.anomalies.findChild(CorrectionButtons).findChild(object, "expected")
    assert expected is not None

    commands.correct_incident(told[0].id, "expected")
    dialog = opened(desktop, CorrectionDialog)
    qtbot.waitUntil(dialog.apply.isEnabled, timeout=20_000)
    calmed = dialog.proposal.consequences.calmed
    assert f"{calmed:,} similar rows calmed, 0 known-bad affected" in dialog.preview.text()
    dialog.name.setText("my inventory")
    dialog.accept()
    qtbot.waitUntil(lambda: session.recall.suppressed_rows == calmed, timeout=20_000)
    assert told[0].id not in {one.id for one in session.incidents}
    assert flagged - session.flagged == calmed

    commands.correct_incident(told[1].id, "once")
    assert told[1].id in {one.id for one in session.suppressed_incidents}
    commands.correct_incident(told[2].id, "suppress")
    rule = opened(desktop, SuppressionRuleDialog)
    assert rule.rule.family == told[2].family
    rule.accept()
    assert told[2].id in {one.id for one in session.suppressed_incidents}
    desktop.desk.dashboard.refresh()
    assert "3 incidents" in desktop.window.status.text("suppressed")
    desktop.window.actions_["show_suppressed"].trigger()
    qtbot.waitUntil(lambda: desktop.model.rowCount() == session.recall.suppressed_rows, timeout=20_000)

    commands.controller.shut_down()
    kept = json.loads((data_dir() / "corrections.json").read_text())
    assert [next(iter(entry)) for entry in kept["entries"]] == ["label", "rule"]
    for _ in range(3):
        desktop.window.actions_["undo"].trigger()
    assert not commands.controller.can_undo
    qtbot.waitUntil(lambda: session.recall.suppressed_rows == 0, timeout=20_000)
    for name, values in zip(("score", "verdict"), before, strict=True):
        np.testing.assert_array_equal(session.log.column(name, ids), values)
    assert session.incidents == told
    desktop.window.actions_["redo"].trigger()
    qtbot.waitUntil(lambda: session.recall.suppressed_rows == calmed, timeout=20_000)


def test_rows_that_are_not_flagged_are_not_expected(qtbot: QtBot, desktop: Desktop) -> None:
    """Whoever chooses no packet, or none of the highlighted ones, is told so."""
    desktop.commands.corrections.correct_rows("expected")
    assert "No packet is selected" in desktop.window.banner.text
    desktop.desk.open_sample()
    qtbot.waitUntil(
        lambda: desktop.session.log.end_id > 0 and not desktop.desk.capture.running, timeout=60_000
    )
    desktop.window.page.table.select_ids(np.array([0]))
    desktop.commands.corrections.correct_rows("expected")
    assert "None of the selected packets is flagged" in desktop.window.banner.text


def test_known_bad_rows_are_said_before_they_are_calmed(qtbot: QtBot) -> None:
    """With a warning and another button."""
    dialog = CorrectionDialog(Stance.EXPECTED, "Port scan", LIGHT)
    qtbot.addWidget(dialog)
    assert not dialog.apply.isEnabled()
    dialog.show_proposal(Proposal((LABEL,), Consequences(12, 2, 0, 0), 0))
    assert dialog.preview.text() == "12 similar rows calmed, 2 known-bad affected."
    assert "2 packets are like what you marked as suspicious" in dialog.warning.text()
    assert dialog.apply.text() == "Calm them all the same"
    dialog.show_proposal(Proposal((), Consequences(0, 0, 0, 0), 9))
    assert not dialog.apply.isEnabled()


def test_a_rule_says_what_it_would_do_and_what_is_wrong_with_it(qtbot: QtBot) -> None:
    """It counts as it is typed; what holds for nothing can't be accepted."""
    dialog = SuppressionRuleDialog(RULE, lambda rule: 3 if rule.port == 443 else 1, 10**18)
    qtbot.addWidget(dialog)
    assert dialog.rule == RULE
    assert dialog.preview.text().startswith("1 flagged packet ")
    dialog.port.setText("443")
    dialog.port.textEdited.emit("443")
    qtbot.waitUntil(lambda: dialog.preview.text().startswith("3 flagged packets"))
    dialog.direction.setCurrentIndex(dialog.direction.findData(Direction.TO_PEER))
    dialog.expiry.setCurrentIndex(2)
    assert dialog.rule.direction is Direction.TO_PEER
    assert dialog.rule.expires_ns == 10**18 + 86_400 * 10**9
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    dialog.peer.setText("10.0.0.0/99")
    dialog.peer.textEdited.emit("")
    qtbot.waitUntil(lambda: not ok.isEnabled())
    assert "neither an address nor a network" in dialog.problem.text()


def test_everything_said_is_in_one_list(qtbot: QtBot) -> None:
    """Newest first, hostile names escaped; what is chosen there is told."""
    dialog = CorrectionsDialog()
    qtbot.addWidget(dialog)
    corrections = Corrections((LABEL, RULE, ONCE), 5)
    dialog.show_corrections(corrections, {3: 12, 4: 1_000}, incidents=1, rows=1_012, now_ns=1)
    cells = [[dialog.table.item(row, column).text() for column in range(7)] for row in range(3)]
    assert [row[1] for row in cells] == ["Just this once", "Suppressed", "Expected"]
    assert cells[1][2] == "beacon with 10.0.0.0/8"
    assert cells[1][5] == "1,000"
    assert cells[2][6] == "our\\u202enas"
    assert dialog.summary.text() == "Suppressed in this capture: 1 incident, 1,012 packets."
    dialog.table.selectRow(1)
    with qtbot.waitSignal(dialog.delete_wanted) as told:
        dialog.delete.click()
    assert told.args == [4]
    with qtbot.waitSignal(dialog.edit_wanted) as told:
        dialog.edit.click()
    assert told.args == [4]
    with qtbot.waitSignal(dialog.switched) as told:
        item = dialog.table.item(1, 0)
        item.setCheckState(type(item.checkState()).Unchecked)
    assert told.args == [4]
    dialog.show_corrections(Corrections(), {}, incidents=0, rows=0, now_ns=1)
    assert "Nothing was said yet" in dialog.summary.text()


def test_what_a_rule_suppressed_is_flagged_again_when_it_ends(
    qtbot: QtBot, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without anybody doing anything."""
    desktop.desk.open_sample()
    session, controller = desktop.session, desktop.commands.corrections.controller
    qtbot.waitUntil(lambda: session.log.end_id > 0 and not desktop.desk.analysis.busy, timeout=90_000)
    now = [1_000]
    monkeypatch.setattr(session.recall, "_clock_ns", lambda: now[0])
    flagged = session.flagged
    controller.set(Corrections((SuppressionRule(1, family="arp spoof", expires_ns=2_000),), 1))
    controller._look_for_ends()
    assert session.flagged < flagged
    now[0] = 2_000
    controller._look_for_ends()
    assert session.flagged == flagged
