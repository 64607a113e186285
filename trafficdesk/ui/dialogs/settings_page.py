"""A page of the settings dialog, made from a section's declaration."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout, QWidget

from trafficdesk.ui.dialogs.field_editors import editor_for
from trafficdesk.ui.labels import plain_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QLabel

    from trafficdesk.ui.dialogs.field_editors import FieldEditor
    from trafficdesk.ui.theme import Tokens

_LABEL_WIDTH: Final = 152


class SettingsPage(QWidget):
    """One section of `Settings`.

    Signals
    -------
    edited : a person changed something.

    Parameters
    ----------
    section : the section's values to start from.
    tokens : the theme's colours.
    """

    title: ClassVar[str] = ""
    icon: ClassVar[str] = "settings"
    hidden: ClassVar[tuple[str, ...]] = ()
    """Fields that the program keeps for itself."""
    intro: ClassVar[str] = ""

    edited = Signal()

    def __init__(self, section: Any, tokens: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._section = section
        self.tokens = tokens
        self.editors: dict[str, QWidget] = {}
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(16)
        self.form.setVerticalSpacing(4)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 20, 24, 20)
        self.column.setSpacing(12)
        self.column.addWidget(plain_label(self.title, "head"))
        if self.intro:
            intro = plain_label(self.intro, "muted")
            intro.setWordWrap(True)
            self.column.addWidget(intro)
        self.column.addLayout(self.form)
        self.build()
        self.column.addStretch(1)

    def build(self) -> None:
        """Add a row for every field, in the order of the declaration."""
        for item in fields(self._section):
            if item.name not in self.hidden:
                self.add_field(item.name)

    def add_field(self, name: str, editor: QWidget | None = None, *, tip: str | None = None) -> QWidget:
        """Add the row of one field: its label, its editor (one that fits, unless given), a tip below."""
        item = next(item for item in fields(self._section) if item.name == name)
        editor = editor or editor_for(type(self._section), item)
        as_editor = cast("FieldEditor", editor)
        as_editor.set_field_value(getattr(self._section, name))
        as_editor.edited.connect(self.edited)
        self.editors[name] = editor
        label = "" if isinstance(editor, QCheckBox) else item.metadata["label"]
        self.add_row(label, editor, item.metadata["tip"] if tip is None else tip)
        return editor

    def add_row(self, label: str, widget: QWidget, tip: str = "") -> QLabel:
        """Add a row; returns the line below it, which shows `tip`, or what a page has to say."""
        name = plain_label(label)
        name.setBuddy(widget)
        name.setFixedSize(_LABEL_WIDTH, 32)
        hint = plain_label(tip, "muted")
        hint.setWordWrap(True)
        hint.setVisible(bool(tip))
        cell = QWidget()
        stack = QVBoxLayout(cell)
        stack.setContentsMargins(0, 0, 0, 8)
        stack.setSpacing(4)
        widget.setMinimumHeight(32)
        stack.addWidget(widget)
        stack.addWidget(hint)
        self.form.addRow(name, cell)
        return hint

    def section(self) -> Any:
        """The section with what was entered; fields that aren't shown stay as they were."""
        values = {name: cast("FieldEditor", editor).field_value() for name, editor in self.editors.items()}
        return replace(self._section, **values)

    def problem(self) -> tuple[str, QWidget] | None:
        """What keeps the entries from being used, in a sentence, and the editor to mend it in."""
        for editor in self.editors.values():
            if words := cast("FieldEditor", editor).problem():
                return words, editor
        return None

    def keeping(self) -> Callable[[], bool] | None:
        """Stores what was typed but is no setting, in a thread, and returns whether for good; None = nothing was."""
        return None

    def kept(self) -> None:
        """What was typed has been stored."""

    def apply_theme(self, tokens: Tokens) -> None:
        """Take the colours of a theme."""
        self.tokens = tokens


def set_state(widget: QWidget, state: str) -> None:
    """Colour a line edit: "valid", "invalid" or ""."""
    if widget.property("state") != state:
        widget.setProperty("state", state)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
