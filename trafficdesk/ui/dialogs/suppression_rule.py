"""One suppression rule: its parts as fields, what it would silence, until when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
)

from trafficdesk.detect.families import FAMILIES
from trafficdesk.detect.suppression import (
    LONGEST_NOTE,
    Direction,
    SuppressionRule,
    behaviour_of,
    behaviour_words,
)
from trafficdesk.errors import SettingsError
from trafficdesk.features import FEATURES
from trafficdesk.ui import theme
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.wording import clock_date, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

_WIDTH: Final = 480
_ROOM: Final = 48
_COUNT_MS: Final = 200
_DAY_NS: Final = 86_400 * 1_000_000_000
_EXPIRIES: Final = (
    ("never", 0),
    ("after an hour", _DAY_NS // 24),
    ("after a day", _DAY_NS),
    ("after a week", 7 * _DAY_NS),
    ("after 30 days", 30 * _DAY_NS),
)
_EVERY: Final = "every"


class SuppressionRuleDialog(QDialog):
    """Accepted: `rule` is to hold.

    Parameters
    ----------
    rule : what the fields begin with.
    count : flagged packets of this capture that a rule would suppress.
    now_ns : what an expiry is counted from.
    """

    def __init__(
        self,
        rule: SuppressionRule,
        count: Callable[[SuppressionRule], int],
        now_ns: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._rule = rule
        self._count = count
        self._now_ns = now_ns
        self.setWindowTitle("Suppression rule")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.program, self.peer, self.note = (
            QLineEdit(rule.program),
            QLineEdit(rule.peer),
            QLineEdit(rule.note),
        )
        self.program.setPlaceholderText("every program")
        self.peer.setPlaceholderText("name, *.example.com, address or 10.0.0.0/8")
        self.note.setPlaceholderText("why, for whoever reads it later")
        self.note.setMaxLength(LONGEST_NOTE)
        self.port = QLineEdit(str(rule.port) if rule.port else "")
        self.port.setPlaceholderText("every port")
        self.port.setValidator(QIntValidator(0, 65_535, self))
        self.direction = _choice([(kind.value, kind) for kind in Direction], rule.direction)
        families = [(_EVERY, ""), *((family.title, family.name) for family in FAMILIES[1:])]
        self.family = _choice(families, rule.family)
        behaviours = dict.fromkeys(
            behaviour_of(index) for index, feature in enumerate(FEATURES) if feature.tellable
        )
        reasons = [(_EVERY, ""), *sorted((behaviour_words(name), name) for name in behaviours)]
        self.reason = _choice(reasons, rule.reason)
        self.expiry = _choice(self._expiries(), rule.expires_ns)
        self.preview = plain_label("", "muted")
        self.preview.setWordWrap(True)
        self.problem = plain_label("", "error")
        self.problem.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        accept = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        accept.setText("Suppress")
        # A default button is bold, which its size hint does not know.
        accept.setMinimumWidth(accept.fontMetrics().horizontalAdvance("Suppress") + _ROOM)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._later.timeout.connect(self._judge)
        self._judge()
        self._join()

    @property
    def rule(self) -> SuppressionRule:
        """As the fields stand."""
        return replace(
            self._rule,
            program=self.program.text().strip(),
            peer=self.peer.text().strip(),
            port=int(self.port.text() or 0),
            direction=Direction(self.direction.currentData()),
            family=self.family.currentData(),
            reason=self.reason.currentData(),
            note=self.note.text().strip(),
            expires_ns=self.expiry.currentData(),
        )

    def _expiries(self) -> list[tuple[str, int]]:
        choices = [(words, self._now_ns + later if later else 0) for words, later in _EXPIRIES]
        if self._rule.expires_ns:
            choices.append((f"on {clock_date(self._rule.expires_ns)}", self._rule.expires_ns))
        return choices

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(4 * theme.SPACING)
        for words, editor in (
            ("Program", self.program),
            ("Peer", self.peer),
            ("Port", self.port),
            ("Direction", self.direction),
            ("Family", self.family),
            ("Reason", self.reason),
            ("Ends", self.expiry),
            ("Note", self.note),
        ):
            form.addRow(words, editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(3 * theme.SPACING)
        head = plain_label("Flags for which all of this holds are counted, not shown.")
        head.setWordWrap(True)
        column.addWidget(head)
        column.addLayout(form)
        column.addWidget(self.preview)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.setFixedWidth(_WIDTH)

    def _join(self) -> None:
        for line in (self.program, self.peer, self.port):
            line.textEdited.connect(self._later.start)
        for box in (self.direction, self.family, self.reason):
            box.activated.connect(self._later.start)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    @Slot()
    def _judge(self) -> None:
        problem, preview = "", ""
        try:
            rule = self.rule.checked()
            count = self._count(rule)
            preview = f"{count:,} flagged packets of this capture would be suppressed."
            if count == 1:
                preview = "1 flagged packet of this capture would be suppressed."
        except SettingsError as error:
            problem = visible(f"{error.title} {error.hint}")
        self.preview.setText(preview)
        self.preview.setVisible(bool(preview))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
        self.adjustSize()


def _choice(choices: list[tuple[str, Any]], present: object) -> QComboBox:
    box = QComboBox()
    box.setMaxVisibleItems(16)
    for words, value in choices:
        box.addItem(words, value)
    values = [value for _, value in choices]
    box.setCurrentIndex(values.index(present) if present in values else 0)
    return box
