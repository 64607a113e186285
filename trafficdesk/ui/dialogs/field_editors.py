"""Editors for declared settings: which widget a field gets follows from its type, bounds and unit.

Each editor has `field_value()`, `set_field_value(value)`, `problem()` (a sentence, empty when it can be used) and the
signal `edited`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, get_type_hints

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from trafficdesk.ui.dialogs.choice_editors import ChoiceEditor
from trafficdesk.ui.labels import tooltip

if TYPE_CHECKING:
    from dataclasses import Field

    from PySide6.QtGui import QWheelEvent

_LOCALE: Final = QLocale(QLocale.Language.English, QLocale.Country.UnitedStates)
"""Thousands are separated by commas here as everywhere in the window."""


class FieldEditor(Protocol):
    """What every editor has."""

    edited: Any

    def field_value(self) -> Any:
        """The value as the setting's type."""
        ...

    def set_field_value(self, value: Any) -> None:
        """Show `value`; emits nothing."""
        ...

    def problem(self) -> str:
        """Why the value can't be used, or ""."""
        ...


class SwitchEditor(QCheckBox):
    """A truth value."""

    edited = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.clicked.connect(self.edited)

    def field_value(self) -> bool:
        """Whether it is on."""
        return self.isChecked()

    def set_field_value(self, value: bool) -> None:
        """Show `value`."""
        self.setChecked(value)

    def problem(self) -> str:
        """Never any."""
        return ""


class IntegerEditor(QSpinBox):
    """A whole number within bounds."""

    edited = Signal()

    def __init__(self, low: int, high: int, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(low, high)
        _prepare_number(self, unit)
        self.setSingleStep(max(1, 10 ** (len(str(max(low, 1))) - 1)))
        self.valueChanged.connect(self._report)

    def field_value(self) -> int:
        """The number."""
        return self.value()

    def set_field_value(self, value: int) -> None:
        """Show `value`."""
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)

    def problem(self) -> str:
        """None: the bounds hold by themselves."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only where the focus is: a page scrolled past a number must not change it."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _report(self) -> None:
        self.edited.emit()


class DecimalEditor(QDoubleSpinBox):
    """A number within bounds."""

    edited = Signal()

    def __init__(self, low: float, high: float, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(1)
        self.setRange(low, high)
        _prepare_number(self, unit)
        self.valueChanged.connect(self._report)

    def field_value(self) -> float:
        """The number."""
        return self.value()

    def set_field_value(self, value: float) -> None:
        """Show `value`."""
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)

    def problem(self) -> str:
        """None: the bounds hold by themselves."""
        return ""

    def textFromValue(self, value: float) -> str:
        """Without zeros that say nothing: "30", not "30.0"."""
        return _LOCALE.toString(value, "f", 0 if value == int(value) else 1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only where the focus is."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _report(self) -> None:
        self.edited.emit()


class TextEditor(QLineEdit):
    """A text without surrounding space."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.textEdited.connect(self._report)

    def field_value(self) -> str:
        """The text."""
        return self.text().strip()

    def set_field_value(self, value: str) -> None:
        """Show `value`."""
        self.setText(value)

    def problem(self) -> str:
        """None by itself; pages know more."""
        return ""

    def _report(self) -> None:
        self.edited.emit()


class ListEditor(TextEditor):
    """Several texts, separated by commas."""

    def field_value(self) -> tuple[str, ...]:  # type: ignore[override]  # the same editor, split
        """The texts, without empty ones."""
        parts = self.text().replace(";", ",").split(",")
        return tuple(part.strip() for part in parts if part.strip())

    def set_field_value(self, value: tuple[str, ...]) -> None:  # type: ignore[override]
        """Show `value`."""
        self.setText(", ".join(value))


def editor_for(section: type[Any], item: Field[Any]) -> QWidget:
    """The editor of one field of a settings section, named and with its tip.

    Raises
    ------
    TypeError
        If the field's type has no editor.
    """
    kind = get_type_hints(section)[item.name]
    editor = _make_editor(kind, item)
    editor.setObjectName(item.name)
    editor.setAccessibleName(item.metadata["label"])
    if tip := item.metadata["tip"]:
        editor.setToolTip(tooltip(tip))
        editor.setAccessibleDescription(tip)
    return editor


def _make_editor(kind: Any, item: Field[Any]) -> QWidget:
    low, high, unit = (item.metadata[key] for key in ("low", "high", "unit"))
    if kind is bool:
        return SwitchEditor(item.metadata["label"])
    if kind is int:
        return IntegerEditor(int(low or 0), int(high if high is not None else 2**31 - 1), unit)
    if kind is float:
        return DecimalEditor(low or 0.0, high if high is not None else 1e9, unit)
    if kind is str:
        return TextEditor()
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ChoiceEditor(kind)
    if kind == tuple[str, ...]:
        return ListEditor()
    raise TypeError(f"no editor for {item.name}: {kind}")


def _prepare_number(box: IntegerEditor | DecimalEditor, unit: str) -> None:
    box.setLocale(_LOCALE)
    box.setGroupSeparatorShown(True)
    # Ranges span three powers of ten: typing is quicker than any arrow, and arrow keys still step.
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setAccelerated(True)
    box.lineEdit().setTextMargins(8, 0, 8, 0)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if unit:
        box.setSuffix(f" {unit}")
