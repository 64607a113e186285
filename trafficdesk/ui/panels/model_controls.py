"""How the detector is told what to do: the alert budget always in sight, window and refit below a fold."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from trafficdesk.settings import DetectionSettings
from trafficdesk.ui.dialogs.field_editors import DecimalEditor, IntegerEditor, editor_for
from trafficdesk.ui.icons import icon
from trafficdesk.ui.labels import plain_label, tooltip

if TYPE_CHECKING:
    from trafficdesk.ui.theme import Tokens

_BUDGET: Final = {item.name: item for item in fields(DetectionSettings)}["incidents_per_day"].metadata
_FOLDED: Final = ("window_rows", "refit_rows", "refit_seconds")


class ModelControls(QWidget):
    """Alert budget, rolling window and refit.

    Signals
    -------
    settings_changed : the new `DetectionSettings`.
    refit_requested : "Refit now" was pressed.
    """

    settings_changed = Signal(object)
    refit_requested = Signal()

    def __init__(self, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = DetectionSettings()
        self._words = plain_label("", "muted")
        self._line = plain_label("", "muted")
        self._slider = self._make_slider()
        self._fold = self._make_fold()
        self._refit = QPushButton("Refit now")
        self._refit.setProperty("class", "small")
        self._refit.setToolTip("Fit a new model on the rolling window at once")
        self._refit.clicked.connect(self.refit_requested)
        self._editors = self._make_editors()
        self._details = self._make_details()
        self._lay_out()
        self._show_settings()
        self.show_line(0)
        self.apply_theme(tokens)

    def settings(self) -> DetectionSettings:
        """What is set."""
        return self._settings

    def set_settings(self, settings: DetectionSettings) -> None:
        """Show `settings`; emits nothing."""
        self._settings = settings
        self._show_settings()

    def show_line(self, severity: int) -> None:
        """Say how severe an incident must be now to be told."""
        self._line.setText(f"told from severity {severity}")
        self._line.setVisible(severity > 0)

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self._tokens = tokens
        self._fold.setIcon(icon("chevron-down" if self._fold.isChecked() else "chevron-right", tokens.muted))

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(int(_BUDGET["low"]), int(_BUDGET["high"]))
        slider.setPageStep(5)
        slider.setAccessibleName(_BUDGET["label"])
        slider.setToolTip(tooltip(_BUDGET["tip"]))
        slider.valueChanged.connect(self._take_budget)
        return slider

    def _make_fold(self) -> QToolButton:
        fold = QToolButton()
        fold.setText("Model")
        fold.setToolTip("Rolling window and refit")
        fold.setCheckable(True)
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.setProperty("class", "flat")
        fold.setStyleSheet("QToolButton { background: transparent; border: none; padding: 0 8px 0 0; }")
        fold.toggled.connect(self._unfold)
        return fold

    def _make_editors(self) -> dict[str, IntegerEditor | DecimalEditor]:
        editors: dict[str, IntegerEditor | DecimalEditor] = {}
        for item in fields(DetectionSettings):
            if item.name in _FOLDED:
                editor = editor_for(DetectionSettings, item)
                assert isinstance(editor, IntegerEditor | DecimalEditor)
                editor.setKeyboardTracking(False)
                editor.edited.connect(self._take_numbers)
                editors[item.name] = editor
        return editors

    def _make_details(self) -> QWidget:
        details = QWidget()
        form = QFormLayout(details)
        form.setContentsMargins(0, 4, 0, 4)
        form.setSpacing(8)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for item in fields(DetectionSettings):
            if item.name in self._editors:
                label = plain_label(item.metadata["label"])
                label.setBuddy(self._editors[item.name])
                form.addRow(label, self._editors[item.name])
        details.hide()
        return details

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(plain_label(_BUDGET["label"]))
        head.addStretch(1)
        head.addWidget(self._words)
        column.addLayout(head)
        column.addWidget(self._slider)
        column.addWidget(self._line)
        row = QHBoxLayout()
        row.addWidget(self._fold)
        row.addStretch(1)
        row.addWidget(self._refit)
        column.addLayout(row)
        column.addWidget(self._details)

    def _unfold(self, unfolded: bool) -> None:
        self._details.setVisible(unfolded)
        self.apply_theme(self._tokens)

    def _show_settings(self) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(self._settings.incidents_per_day)
        self._slider.blockSignals(False)
        self._say_budget()
        for name, editor in self._editors.items():
            editor.set_field_value(getattr(self._settings, name))

    def _say_budget(self) -> None:
        count = self._settings.incidents_per_day
        words = f"about {count} incident{'' if count == 1 else 's'} a day"
        self._words.setText(words)
        self._slider.setAccessibleDescription(words)

    def _take_budget(self, value: int) -> None:
        self._settings = replace(self._settings, incidents_per_day=value)
        self._say_budget()
        self.settings_changed.emit(self._settings)

    def _take_numbers(self) -> None:
        values: dict[str, Any] = {name: editor.field_value() for name, editor in self._editors.items()}
        changed = replace(self._settings, **values)
        if changed != self._settings:
            self._settings = changed
            self.settings_changed.emit(changed)
