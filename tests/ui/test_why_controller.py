"""`ui.why_controller`: opening a flagged row or an incident explains it, asked of the real analysis process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from trafficdesk.app import Desktop


@pytest.fixture
def desktop(qtbot: QtBot, desktop: Desktop) -> Desktop:
    """The sample, analysed."""
    with qtbot.waitSignal(desktop.desk.loaded, timeout=60_000):
        desktop.window.welcome.sample_requested.emit()
    qtbot.waitUntil(lambda: desktop.session.pending == 0 and not desktop.desk.analysis.busy, timeout=120_000)
    return desktop


def test_rows_and_incidents_are_explained(qtbot: QtBot, desktop: Desktop) -> None:
    """A flagged row by itself, an incident by its strongest row, an ordinary row not at all; cards lead to packets."""
    panel, session = desktop.window.page.anomalies.why, desktop.session
    table, log = desktop.window.page.table, desktop.session.log
    ids = np.arange(log.first_id, log.end_id)
    flagged = ids[(log.column("verdict", ids) & FLAGGED) != 0]
    one = int(flagged[len(flagged) // 2])

    table.go_to_row(desktop.model.row_of(one))
    qtbot.waitUntil(lambda: panel.why is not None and panel.why.packet_id == one, timeout=20_000)
    assert [choice.words[0] for choice in panel._choices if choice.isVisible()] == [
        reason.words.partition("; usual")[0] for reason in session.findings.reasons_of(one)
    ]

    plain = int(ids[log.column("verdict", ids) & FLAGGED == 0][0])
    table.go_to_row(desktop.model.row_of(plain))
    qtbot.waitUntil(lambda: panel.why is None)
    assert not panel.isVisible()

    incident = session.incidents[0]
    desktop.window.page.anomalies.incident_activated.emit(incident.id)
    mine = desktop.desk.ids_of(incident.id)
    qtbot.waitUntil(lambda: panel.why is not None and panel.why.packet_id in mine, timeout=20_000)
    assert panel.why is not None
    scores = log.column("score", mine)
    assert panel.why.score == pytest.approx(float(np.nanmax(scores)), abs=1e-3)

    desktop.window.page.anomalies.filter_wanted.emit(incident.id)
    qtbot.waitUntil(lambda: desktop.model.rowCount() == len(mine), timeout=20_000)
    last = session.incidents[-1]
    desktop.window.page.anomalies.first_wanted.emit(last.id)
    qtbot.waitUntil(lambda: table.current_id() == int(desktop.desk.ids_of(last.id).min()), timeout=20_000)
