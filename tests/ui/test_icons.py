"""`ui.icons`: one outline family on a 16 px grid that takes the text's colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QPushButton

from trafficdesk.paths import resources_dir
from trafficdesk.ui import icons
from trafficdesk.ui.actions import COMMANDS

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap
    from pytestqt.qtbot import QtBot

COLOR = "#dc2626"
FIXED = {"trafficdesk", "arrow-light", "arrow-dark", "checked"}
"""Drawings with colours of their own: the program's icon and what the style sheet loads."""
NAMES = sorted(path.stem for path in (resources_dir() / "icons").glob("*.svg"))
FAMILY = [name for name in NAMES if name not in FIXED]


def inked(drawn: QPixmap) -> set[str]:
    """Colours of the pixels that are fully there."""
    image = drawn.toImage()
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


@pytest.mark.parametrize("name", FAMILY)
def test_every_drawing_is_tinted(qtbot: QtBot, name: str) -> None:
    """What is drawn has the asked colour and no other."""
    assert inked(icons.pixmap(name, COLOR, 64)) == {COLOR}


def test_an_icon_keeps_its_distance_from_the_words_of_a_button(qtbot: QtBot) -> None:
    """Its drawing is as large as elsewhere, with blank room to its right."""
    button = QPushButton("Start")
    qtbot.addWidget(button)
    icons.put_beside_words(button, "start", COLOR)
    drawn = button.icon().pixmap(button.iconSize())
    alone = icons.icon("start", COLOR).pixmap(16, 16)
    assert drawn.width() - alone.width() == 4
    assert drawn.copy(0, 0, alone.width(), alone.height()).toImage() == alone.toImage()


@pytest.mark.parametrize("name", FAMILY)
def test_every_drawing_is_of_the_family(name: str) -> None:
    """16 px grid, outline of one width, colour left open, nothing loaded from elsewhere."""
    text = (resources_dir() / "icons" / f"{name}.svg").read_text()
    assert 'viewBox="0 0 16 16"' in text
    assert 'fill="none" stroke="currentColor" stroke-width="1.5"' in text
    assert not re.search(r"href|<script|<style|#[0-9a-f]{3}", text)


def test_a_disabled_icon_is_fainter(qtbot: QtBot) -> None:
    """No pixel of the disabled state is fully inked."""
    made = icons.icon("start", COLOR)
    assert inked(made.pixmap(32, 32))
    assert not inked(made.pixmap(32, 32, QIcon.Mode.Disabled))


def test_a_scaled_screen_gets_more_pixels(qtbot: QtBot) -> None:
    """At scale 2 a 16 px drawing has 32 pixels and still takes 16."""
    drawn = icons.pixmap("start", QColor("black").name(), 16, scale=2.0)
    assert (drawn.width(), drawn.deviceIndependentSize().width()) == (32, 16)


def test_an_unknown_name_is_a_mistake(qtbot: QtBot) -> None:
    """A name without a drawing raises instead of showing nothing."""
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon", COLOR)


def test_every_command_has_its_drawing() -> None:
    """The menus name only icons that exist."""
    assert {command.icon for command in COMMANDS if command.icon} <= set(FAMILY)


def test_the_program_has_its_icon(qtbot: QtBot) -> None:
    """The program's icon is there in the sizes desktops ask for."""
    assert not icons.app_icon().pixmap(256, 256).isNull()
