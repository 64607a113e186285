"""`ui.dialogs.field_editors`: every declared setting has an editor that keeps its value and its bounds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from trafficdesk.settings import (
    CaptureSettings,
    DetectionSettings,
    MailSettings,
    NamesSettings,
    Theme,
    ViewSettings,
)
from trafficdesk.settings.declared import setting
from trafficdesk.ui.dialogs.choice_editors import ChoiceEditor
from trafficdesk.ui.dialogs.field_editors import (
    DecimalEditor,
    IntegerEditor,
    ListEditor,
    SwitchEditor,
    TextEditor,
    editor_for,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SECTIONS = (CaptureSettings, DetectionSettings, NamesSettings, MailSettings, ViewSettings)
FIELDS = [(section, item) for section in SECTIONS for item in fields(section)]


@pytest.mark.parametrize(("section", "item"), FIELDS, ids=[item.name for _, item in FIELDS])
def test_every_setting_has_an_editor(qtbot: QtBot, section: type[Any], item: Any) -> None:
    """It shows the default, gives it back with its type, has a name, and sees no problem in it."""
    editor: Any = editor_for(section, item)
    qtbot.addWidget(editor)
    editor.set_field_value(item.default)
    assert editor.field_value() == item.default
    assert type(editor.field_value()) is type(item.default)
    assert editor.accessibleName() == item.metadata["label"]
    assert editor.problem() == ""


@pytest.mark.parametrize(("section", "item"), FIELDS, ids=[item.name for _, item in FIELDS])
def test_numbers_keep_their_bounds(qtbot: QtBot, section: type[Any], item: Any) -> None:
    """Beyond a bound is the bound."""
    editor: Any = editor_for(section, item)
    qtbot.addWidget(editor)
    if not isinstance(editor, IntegerEditor | DecimalEditor):
        assert item.metadata["low"] is None
        return
    editor.set_field_value(2**31 - 1)
    assert editor.field_value() == item.metadata["high"]
    editor.set_field_value(-(2**31))
    assert editor.field_value() == item.metadata["low"]


def test_units_and_thousands_are_shown(qtbot: QtBot) -> None:
    """A number carries its unit; a whole one no idle zero."""
    whole = IntegerEditor(0, 10_000_000, "rows")
    part = DecimalEditor(0.0, 100.0, "s")
    for editor in (whole, part):
        qtbot.addWidget(editor)
    whole.set_field_value(2_000_000)
    part.set_field_value(30.0)
    assert (whole.text(), part.text()) == ("2,000,000 rows", "30 s")
    part.set_field_value(2.5)
    assert part.text() == "2.5 s"


def editors() -> list[Any]:
    return [
        SwitchEditor("x"),
        IntegerEditor(0, 9, ""),
        DecimalEditor(0, 9, ""),
        ChoiceEditor(Theme),
        TextEditor(),
        ListEditor(),
    ]


VALUES = (True, 5, 5.5, Theme.DARK, "text", ("a", "b"))


@pytest.mark.parametrize("index", range(6))
def test_showing_is_not_editing(qtbot: QtBot, index: int) -> None:
    """Only a person's change is reported."""
    editor = editors()[index]
    qtbot.addWidget(editor)
    with qtbot.assertNotEmitted(editor.edited):
        editor.set_field_value(VALUES[index])
    assert editor.field_value() == VALUES[index]


@pytest.mark.parametrize("index", [1, 2, 3])
def test_scrolling_past_changes_nothing(qtbot: QtBot, index: int) -> None:
    """The wheel over a number or a choice without the focus moves the page."""
    editor = editors()[index]
    qtbot.addWidget(editor)
    editor.show()
    before = editor.field_value()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(editor, wheel)
    assert editor.field_value() == before
    assert not wheel.isAccepted()


def test_lists_are_split_at_commas_and_semicolons(qtbot: QtBot) -> None:
    """As people separate addresses; empty parts are none."""
    editor = ListEditor()
    qtbot.addWidget(editor)
    editor.setText(" a@example.com; b@example.com,, ")
    assert editor.field_value() == ("a@example.com", "b@example.com")


def test_an_unknown_type_is_a_mistake() -> None:
    """A setting of a type without an editor is found by its first dialog, not by a person."""

    @dataclass
    class Odd:
        odd: complex = setting(0j, "Odd")

    Odd.__annotations__["odd"] = complex
    with pytest.raises(TypeError, match="odd"):
        editor_for(Odd, fields(Odd)[0])
