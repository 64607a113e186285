"""`ui.panels.model_controls`: alert budget, window and refit become new detection settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from trafficdesk.settings import DetectionSettings
from trafficdesk.ui.panels.model_controls import ModelControls
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def controls(qtbot: QtBot) -> ModelControls:
    made = ModelControls(LIGHT)
    qtbot.addWidget(made)
    made.show()
    return made


def test_showing_settings_emits_nothing(qtbot: QtBot, controls: ModelControls) -> None:
    """What the program sets does not come back as a person's wish."""
    wanted = DetectionSettings(
        incidents_per_day=1, window_rows=50_000, refit_rows=9_000, refit_seconds=12.5, seed=7
    )
    with qtbot.assertNotEmitted(controls.settings_changed):
        controls.set_settings(wanted)
    assert controls.settings() == wanted
    assert controls._words.text() == "about 1 incident a day"


def test_a_number_is_taken_when_it_is_entered(qtbot: QtBot, controls: ModelControls) -> None:
    """Typing 20000 and Enter gives one change, not one per figure; fields not shown stay."""
    controls.set_settings(DetectionSettings(seed=7))
    controls._fold.click()
    editor = controls._editors["window_rows"]
    editor.selectAll()
    qtbot.keyClicks(editor, "20000")
    with qtbot.waitSignal(controls.settings_changed) as signal:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert signal.args == [DetectionSettings(seed=7, window_rows=20_000)]


def test_the_fold_hides_and_shows(controls: ModelControls) -> None:
    """Folded at first."""
    assert not controls._details.isVisible()
    controls._fold.click()
    assert controls._details.isVisible()


def test_everything_has_a_name(controls: ModelControls) -> None:
    """A screen reader can say what each control is."""
    assert controls._slider.accessibleName() == "Alert budget"
    assert controls._slider.accessibleDescription()
    assert all(editor.accessibleName() for editor in controls._editors.values())
