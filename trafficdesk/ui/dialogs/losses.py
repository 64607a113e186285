"""Which packets were lost, where, since when, and what helps: opened from the status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFrame, QLabel, QVBoxLayout

from trafficdesk.ui import theme
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.wording import clock_time, thousands

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from trafficdesk.capture.loss import Loss

_WIDTH: Final = 460
_NANOSECONDS: Final = 1_000_000_000


class LossDialog(QDialog):
    """What was lost up to the moment it was opened.

    Parameters
    ----------
    losses : one per place, may be empty.
    """

    def __init__(self, losses: tuple[Loss, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Lost packets")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(3 * theme.SPACING)
        if not losses:
            column.addWidget(_wrapped("Nothing is lost: every packet that came is in the table."))
        for loss in losses:
            column.addWidget(_card(loss))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setFixedWidth(_WIDTH)


def _card(loss: Loss) -> QFrame:
    card = QFrame()
    card.setProperty("class", "card")
    rows = QVBoxLayout(card)
    rows.setContentsMargins(16, 12, 16, 12)
    rows.setSpacing(theme.SPACING)
    place = loss.place
    rows.addWidget(plain_label(f"{place.title}: {thousands(loss.packets)} packets", "head"))
    rows.addWidget(plain_label(_when(loss), "muted"))
    rows.addWidget(_wrapped(place.meaning))
    rows.addWidget(_wrapped(place.remedy))
    return card


def _when(loss: Loss) -> str:
    first, last = (clock_time(int(moment * _NANOSECONDS)) for moment in (loss.first_s, loss.last_s))
    return f"At {first}" if first == last else f"First at {first}, last at {last}"


def _wrapped(text: str) -> QLabel:
    label = plain_label(text)
    label.setWordWrap(True)
    return label
