"""The list of colouring rules: which are on, in which order, what each asks for and its hue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.ui import theme
from trafficdesk.ui.colour_rule import DEFAULTS, LONGEST_NAME, MOST, ColourRule, Hue
from trafficdesk.ui.labels import plain_label
from trafficdesk.ui.wording import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trafficdesk.ui.theme import Tokens

_SWATCH: Final = 14
_LIST_WIDTH: Final = 240


class ColourRulesDialog(QDialog):
    """Edits a copy; `rules` are the ones to use once it was accepted.

    Parameters
    ----------
    compile_filter : compiles an expression or raises `BadDisplayFilter`.
    """

    def __init__(
        self,
        rules: Iterable[ColourRule],
        compile_filter: Callable[[str], object],
        tokens: Tokens,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Colouring rules")
        self._compile = compile_filter
        self._tokens = tokens
        self._rules: list[ColourRule] = []
        self.list = QListWidget()
        self.list.setSpacing(2)
        self.list.setProperty("class", "boxed")
        self.list.setIconSize(QSize(_SWATCH, _SWATCH))
        self.list.setAccessibleName("Rules")
        self.list.setMinimumWidth(_LIST_WIDTH)
        self.name, self.expression, self.hue = QLineEdit(), QLineEdit(), QComboBox()
        self.name.setMaxLength(LONGEST_NAME)
        self.expression.setFont(theme.mono_font())
        self.reason = plain_label("", "error")
        self.reason.setWordWrap(True)
        for hue in list(Hue)[1:]:
            self.hue.addItem(self._swatch(hue), hue.name.capitalize(), int(hue))
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._lay_out()
        self.set_rules(rules)
        self.list.currentRowChanged.connect(self._on_row)
        self.list.itemChanged.connect(self._on_checked)
        self.name.textEdited.connect(self._on_edited)
        self.expression.textEdited.connect(self._on_edited)
        self.hue.activated.connect(self._on_edited)

    @property
    def rules(self) -> tuple[ColourRule, ...]:
        """As they stand in the dialog, those without a filter left out."""
        return tuple(rule for rule in self._rules if rule.expression.strip())

    def set_rules(self, rules: Iterable[ColourRule]) -> None:
        """Show other rules."""
        self._rules = list(rules)
        self._fill(0)

    @Slot()
    def add(self) -> None:
        """One more at the top, where it decides first."""
        if len(self._rules) < MOST:
            self._rules.insert(0, ColourRule("New rule", "", Hue.BLUE))
            self._fill(0)
            self.expression.setFocus()

    @Slot()
    def remove(self) -> None:
        """Take the current one away."""
        row = self.list.currentRow()
        if row >= 0:
            del self._rules[row]
            self._fill(min(row, len(self._rules) - 1))

    @Slot()
    def move_up(self) -> None:
        """It decides before the one above."""
        self._move(-1)

    @Slot()
    def move_down(self) -> None:
        """It decides after the one beneath."""
        self._move(1)

    @Slot()
    def restore(self) -> None:
        """The rules one begins with."""
        self.set_rules(DEFAULTS)

    def _move(self, step: int) -> None:
        row = self.list.currentRow()
        if row >= 0 and 0 <= row + step < len(self._rules):
            self._rules.insert(row + step, self._rules.pop(row))
            self._fill(row + step)

    def _fill(self, row: int) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for rule in self._rules:
            item = QListWidgetItem(self._swatch(rule.hue), visible(rule.name))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if rule.on else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._on_row(row)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("Filter", self.expression)
        form.addRow("", self.reason)
        form.addRow("Colour", self.hue)
        choices = QHBoxLayout()
        for words, doing in (
            ("Add", self.add),
            ("Remove", self.remove),
            ("Up", self.move_up),
            ("Down", self.move_down),
        ):
            button = QPushButton(words)
            button.setProperty("class", "small")
            button.setAutoDefault(False)
            button.clicked.connect(doing)
            choices.addWidget(button)
        choices.addStretch(1)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addLayout(choices)
        right.addLayout(form)
        right.addWidget(plain_label("The first rule that a packet passes colours its row.", "muted"))
        right.addWidget(plain_label("What the analysis flagged stays amber or red.", "muted"))
        right.addStretch(1)
        usual = QPushButton("Restore defaults")
        usual.setAutoDefault(False)
        usual.clicked.connect(self.restore)
        self.buttons.addButton(usual, QDialogButtonBox.ButtonRole.ResetRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        middle = QHBoxLayout()
        middle.setSpacing(4 * theme.SPACING)
        middle.addLayout(left)
        middle.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(4 * theme.SPACING)
        column.addLayout(middle, 1)
        column.addWidget(self.buttons)
        self.resize(760, 440)

    def _swatch(self, hue: Hue) -> QIcon:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(_SWATCH * ratio), round(_SWATCH * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        # A tint that is a row's ground is faint as a swatch: a line says where it ends.
        painter.setPen(QColor(self._tokens.muted))
        painter.setBrush(QColor(self._tokens.hues[hue - 1]))
        painter.drawRoundedRect(QRectF(0.5, 0.5, _SWATCH - 1, _SWATCH - 1), 3, 3)
        painter.end()
        swatch = QIcon(picture)
        # Else Qt mixes the selection's colour into it.
        swatch.addPixmap(picture, QIcon.Mode.Selected)
        return swatch

    def _judge(self) -> None:
        text = self.expression.text().strip()
        problem = ""
        if text:
            try:
                self._compile(text)
            except BadDisplayFilter as error:
                problem = f"{error.title} {error.hint}".strip()
        self.reason.setText(visible(problem))
        self.expression.setProperty("state", "invalid" if problem else "valid" if text else "")
        self.expression.style().polish(self.expression)

    @Slot(int)
    def _on_row(self, row: int) -> None:
        there = 0 <= row < len(self._rules)
        for widget in (self.name, self.expression, self.hue):
            widget.setEnabled(there)
        rule = self._rules[row] if there else ColourRule("", "", Hue.BLUE)
        self.name.setText(rule.name)
        self.expression.setText(rule.expression)
        self.hue.setCurrentIndex(self.hue.findData(int(rule.hue)))
        self._judge()

    @Slot()
    def _on_edited(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._rules):
            hue = Hue(self.hue.currentData())
            rule = replace(
                self._rules[row], name=self.name.text(), expression=self.expression.text(), hue=hue
            )
            self._rules[row] = rule
            self.list.item(row).setText(visible(rule.name))
            self.list.item(row).setIcon(self._swatch(hue))
            self._judge()

    @Slot(QListWidgetItem)
    def _on_checked(self, item: QListWidgetItem) -> None:
        row = self.list.row(item)
        if 0 <= row < len(self._rules):
            self._rules[row] = replace(self._rules[row], on=item.checkState() == Qt.CheckState.Checked)
