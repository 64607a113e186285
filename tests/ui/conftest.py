"""What tests of the window share: its desktop, and garbage collected as in the program, in the window's thread only."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from trafficdesk.app import Desktop


@pytest.fixture(autouse=True, scope="module")
def _collected_between_modules() -> Iterator[None]:
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _collected_between_tests() -> Iterator[None]:
    yield
    gc.collect(1)


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication) -> Iterator[Desktop]:
    """The whole program as it starts, with its window."""
    from trafficdesk.app import Desktop, Options
    from trafficdesk.settings import Settings

    sheet = qapp.styleSheet()
    made = Desktop(qapp, Options(), Settings())
    qtbot.addWidget(made.window)
    made.window.show()
    qtbot.waitUntil(lambda: made.window.page.volume is not None, timeout=20_000)
    yield made
    made.shut_down()
    qapp.setStyleSheet(sheet)
