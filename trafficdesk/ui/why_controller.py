"""From the row or incident that a person opens to its explanation, which the detector works out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Slot

from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from trafficdesk.detect.why import Why
    from trafficdesk.ui.desk import Desk


class WhyController(QObject):
    """Asks for one explanation at a time; only the newest wish is shown."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._session = desk.session
        self._panel = desk.window.page.anomalies.why
        self._wish = 0
        anomalies = desk.window.page.anomalies
        desk.window.page.table.packet_selected.connect(self.explain_packet)
        anomalies.incident_activated.connect(self.explain_incident)
        anomalies.filter_wanted.connect(self.show_only)
        anomalies.first_wanted.connect(self.go_to_first)
        self._panel.closed.connect(self._panel.clear)
        desk.capture.began.connect(self._panel.clear)

    @Slot(object)
    def explain_packet(self, packet_id: int | None) -> None:
        """Explain a packet if it was flagged; else the explanation goes."""
        log = self._session.log
        if packet_id is None or not log.first_id <= packet_id < log.end_id:
            return
        at = np.array([packet_id], np.int64)
        if int(log.column("verdict", at)[0]) & FLAGGED:
            self._ask(at)
        else:
            self._wish += 1
            self._panel.clear()

    @Slot(int)
    def explain_incident(self, incident_id: int) -> None:
        """Explain the row of an incident that stands out most."""
        ids = self._desk.ids_of(incident_id)
        if len(ids):
            self._ask(ids)

    @Slot(int)
    def show_only(self, incident_id: int) -> None:
        """Show the rows of an incident alone."""
        self._desk.window.filter_bar.set_expression(f"td.incident == {incident_id}")

    @Slot(int)
    def go_to_first(self, incident_id: int) -> None:
        """Make the first row of an incident the current one; a filter that hides it gives way."""
        ids = self._desk.ids_of(incident_id)
        if not len(ids):
            return
        first = int(ids.min())
        if self._desk.model.row_of(first) is None:
            self._desk.window.filter_bar.clear_and_apply()
        row = self._desk.model.row_of(first)
        if row is not None:
            self._desk.window.page.table.go_to_row(row)
            self._desk.window.page.table.setFocus()

    def _ask(self, ids: np.ndarray) -> None:
        from trafficdesk.detect.why_question import WhyQuestion

        self._wish += 1
        wish = self._wish

        def then(why: Why | None) -> None:
            if wish == self._wish:
                self._show(why)

        self._desk.analysis.ask(WhyQuestion(ids), then)

    def _show(self, why: Why | None) -> None:
        if why is None:
            self._panel.clear()
        else:
            self._panel.show_why(why, self._session.findings.reasons_of(why.packet_id))
