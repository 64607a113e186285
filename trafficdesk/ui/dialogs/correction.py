"""Before something is said of flags: what would follow, and a name for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QPushButton, QVBoxLayout

from trafficdesk.detect.labels import LONGEST_NAME, Stance
from trafficdesk.ui import theme
from trafficdesk.ui.labels import WrappedLabel, plain_label
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from trafficdesk.detect.labelling import Proposal
    from trafficdesk.ui.theme import Tokens

_WIDTH: Final = 440
_ROOM: Final = 48
_TITLES: Final = {Stance.EXPECTED: "Expected", Stance.SUSPICIOUS: "Suspicious"}
_MEANINGS: Final = {
    Stance.EXPECTED: "Packets like these are counted but not flagged any more, here and in later captures. What is "
    "clearly more, or comes from another computer, still is.",
    Stance.SUSPICIOUS: "Packets like these score higher and are always flagged, here and in later captures. They "
    "never teach the model.",
}
_EXAMPLES: Final = {Stance.EXPECTED: "e.g. my backup", Stance.SUSPICIOUS: "e.g. bad printer"}


class CorrectionDialog(QDialog):
    """Accepted: `proposal` is to hold, under `name`.

    Parameters
    ----------
    words : what is spoken of.
    """

    def __init__(self, stance: Stance, words: str, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stance = stance
        self.proposal: Proposal | None = None
        self.setWindowTitle(_TITLES[stance])
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        what = WrappedLabel(bold=True, max_lines=3)
        what.set_text(visible(words[:1].upper() + words[1:]))
        what.set_color(tokens.text)
        meaning = plain_label(_MEANINGS[stance], "muted")
        meaning.setWordWrap(True)
        self.preview = plain_label("Counting what would follow …")
        self.preview.setWordWrap(True)
        self.warning = plain_label("", "error")
        self.warning.setWordWrap(True)
        self.warning.hide()
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText(_EXAMPLES[stance])
        self.apply = QPushButton(_TITLES[stance])
        self.apply.setDefault(True)
        self._widen()
        self.apply.setEnabled(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.apply, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Call it", self.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(3 * theme.SPACING)
        for part in (what, meaning, self.preview, self.warning):
            column.addWidget(part)
        column.addLayout(form)
        column.addWidget(buttons)
        self.setFixedWidth(_WIDTH)
        self.apply.setFocus()

    def show_proposal(self, proposal: Proposal) -> None:
        """What would follow is known."""
        self.proposal = proposal
        self.preview.setText(preview_words(self._stance, proposal))
        bad = proposal.consequences.known_bad
        self.warning.setVisible(bad > 0)
        if bad:
            said = "1 packet is" if bad == 1 else f"{bad:,} packets are"
            self.warning.setText(
                f"{said} like what you marked as suspicious, and would not be flagged any more."
            )
            self.apply.setText("Calm them all the same")
            self._widen()
        self.apply.setEnabled(bool(proposal.labels))
        self.adjustSize()

    def _widen(self) -> None:
        """A default button is bold, which its size hint does not know."""
        self.apply.setMinimumWidth(self.apply.fontMetrics().horizontalAdvance(self.apply.text()) + _ROOM)

    @Slot()
    def show_nothing(self) -> None:
        """There is no detector to ask."""
        self.preview.setText("The analysis is not running, so nothing is remembered of these packets.")


def preview_words(stance: Stance, proposal: Proposal) -> str:
    """`12 similar rows calmed, 0 known-bad affected`."""
    after = proposal.consequences
    if not proposal.labels:
        return "These packets are too long ago: the analysis does not remember what it saw of them."
    if stance is Stance.EXPECTED:
        words = f"{_rows(after.calmed)} calmed, {after.known_bad:,} known-bad affected."
    else:
        words = f"{_rows(after.raised)} raised."
        if after.back:
            words += f" {after.back:,} suppressed packets are flagged again."
    if proposal.forgotten:
        words += f" {proposal.forgotten:,} packets are too long ago to be looked at."
    return words


def _rows(count: int) -> str:
    return "1 similar row" if count == 1 else f"{count:,} similar rows"
