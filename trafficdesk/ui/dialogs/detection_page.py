"""The settings dialog's page of detection: the alert budget, the model for experts, and the networks that are known."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar, Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from trafficdesk.detect.baseline import BaselineError
from trafficdesk.detect.known_networks import KnownNetworks
from trafficdesk.ui.dialogs.learning_row import LearningRow
from trafficdesk.ui.dialogs.settings_page import SettingsPage
from trafficdesk.ui.labels import ElidedLabel, plain_label
from trafficdesk.ui.wording import duration, visible

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from trafficdesk.detect.baseline import KnownNetwork
    from trafficdesk.ui.panels.banner import Banner

_SHOWN: Final = 12
"""Networks listed, those used last; each has a row of its own."""
_BUDGET: Final = "incidents_per_day"


class DetectionPage(SettingsPage):
    """How the detector learns and speaks."""

    title: ClassVar[str] = "Detection"
    icon: ClassVar[str] = "anomaly"
    intro: ClassVar[str] = "A model learns what is usual here, and is fitted anew as traffic goes on."

    def build(self) -> None:
        """The budget, then everything else as declared, then the networks."""
        self.add_field(_BUDGET)
        self.form.addRow(plain_label("For experts", "head"))
        for item in fields(self._section):
            if item.name != _BUDGET:
                self.add_field(item.name)
        self.networks = NetworkList(KnownNetworks())
        self.column.addWidget(self.networks)

    def offer_learning(self, action: QAction) -> Banner:
        """Let networks be learned from the history here, too; returns where that is to be talked about."""
        row = LearningRow(action, self.tokens)
        action.changed.connect(self.networks.refresh)
        self.column.insertWidget(self.column.indexOf(self.networks) + 1, row)
        return row.banner


class NetworkList(QWidget):
    """Networks of which something is known, each with a button to forget it at once.

    Parameters
    ----------
    known : the folder of baselines.
    """

    def __init__(self, known: KnownNetworks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known = known
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._rows: list[QWidget] = []
        self._column.addWidget(plain_label("Known networks", "head"))
        self._hint = plain_label("", "muted")
        self._hint.setWordWrap(True)
        self._column.addWidget(self._hint)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """List what is known now."""
        for row in self._rows:
            self._column.removeWidget(row)
            row.deleteLater()
        networks = self._known.networks()
        self._rows = [self._row_of(network) for network in networks[:_SHOWN]]
        for row in self._rows:
            self._column.addWidget(row)
        more = f" {len(networks) - _SHOWN} more are not listed." if len(networks) > _SHOWN else ""
        self._hint.setText(
            "What is usual is kept for each network, so that the next capture there need not learn it again. The files tell "
            f"nobody which network they are of.{more}"
            if networks
            else "None yet: what is usual on a network is kept from the first capture on one of its interfaces."
        )

    def _row_of(self, network: KnownNetwork) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        words = f"{visible(network.interface)}, last on {_day(network.last_ns)}, {duration(network.learned_s)} learned"
        line.addWidget(ElidedLabel(words, mode=Qt.TextElideMode.ElideRight), 1)
        button = QPushButton("Forget this network")
        button.setAutoDefault(False)
        button.setProperty("class", "small")
        button.setAccessibleName(f"Forget {words}")
        button.setProperty("network", network.key)
        button.clicked.connect(self._forget)
        line.addWidget(button)
        return row

    @Slot()
    def _forget(self) -> None:
        try:
            self._known.forget(self.sender().property("network"))
        except BaselineError as error:
            self._hint.setText(str(error))
        else:
            self.refresh()


def _day(time_ns: int) -> str:
    from datetime import UTC, datetime

    try:
        day = datetime.fromtimestamp(time_ns / 1e9, UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return "an unknown day"
    return f"{day.day} {day:%B %Y, %H:%M}"
