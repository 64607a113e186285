"""`CaptureRights`: the window waits for the helper and goes on by itself; asking never blocks or outlives it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Signal, Slot

from trafficdesk.capture import helper, reception, socket_pool
from trafficdesk.capture.permission import PermissionGuide
from trafficdesk.ui.capture_rights import CaptureRights
from trafficdesk.ui.panels.permission import PermissionCard
from trafficdesk.ui.theme import LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")
HELPER = (sys.executable, "-I", helper.__file__)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: packet sockets")


class Interfaces(QObject):
    """Stands in for the lister: says what it is given, counts how often it was to look again."""

    listed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    @Slot()
    def refresh(self) -> None:
        self.looks += 1


class Window:
    def __init__(self, qtbot: QtBot) -> None:
        self.card = PermissionCard(LIGHT)
        qtbot.addWidget(self.card)
        self.interfaces = Interfaces()
        self.rights = CaptureRights(self.card, self.interfaces)  # type: ignore[arg-type]

    def list(self, **guide: object) -> None:
        made = PermissionGuide(**{"permitted": False, "why": "", "command": "", "notes": (), **guide})
        self.card.set_guide(made)
        self.interfaces.listed.emit(((), None, made))

    def path(self) -> Path:
        return Path(shlex.split(self.card.command.toPlainText())[-1])


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    pool = socket_pool.SocketPool()
    monkeypatch.setattr(socket_pool, "POOL", pool)
    monkeypatch.setattr(reception.Reception.__init__, "__defaults__", (pool,))
    made = Window(qtbot)
    yield made
    made.rights.shut_down()
    pool.empty()


@pytest.mark.root
@needs_root
def test_a_command_typed_elsewhere_is_noticed(qtbot: QtBot, window: Window) -> None:
    """The very command shown, run in a terminal, brings the permission; nobody presses Retry."""
    window.list(helper=HELPER)
    shown = shlex.split(window.card.command.toPlainText())
    assert shown[0] == "sudo"
    with qtbot.waitSignal(window.rights.granted, timeout=10_000):
        subprocess.run(shown[1:], check=True)
    assert window.interfaces.looks == 1
    assert not window.path().exists()


def test_one_place_to_wait_however_often_it_is_listed(window: Window) -> None:
    """Interfaces are listed every few seconds; the command on the page stays good."""
    window.list(helper=HELPER)
    first = window.path()
    window.list(helper=HELPER)
    assert window.path() == first
    assert first.exists()


def test_where_there_is_no_way_nothing_waits(window: Window) -> None:
    """No helper, no socket, no command."""
    window.list(helper=())
    assert window.card.command.toPlainText() == ""


def test_permission_ends_the_waiting(qtbot: QtBot, window: Window) -> None:
    """However it came; the socket is taken away."""
    window.list(helper=HELPER)
    path = window.path()
    window.list(permitted=True)
    qtbot.waitUntil(lambda: not path.exists() and window.rights._waiting is None)
    window.list(helper=HELPER)
    assert window.path() != path


def test_a_cancelled_authentication_is_a_sentence(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """pkexec's exit 126; the button can be pressed again."""
    pkexec = tmp_path / "pkexec"
    pkexec.write_text("#!/bin/sh\nexit 126\n")
    pkexec.chmod(0o755)
    window.list(ask=(str(pkexec), "--disable-internal-agent", *HELPER))
    window.card.allow_button.click()
    assert not window.card.allow_button.isEnabled()
    qtbot.waitUntil(lambda: not window.card.outcome.isHidden())
    assert "cancelled" in window.card.outcome.text()
    assert window.card.allow_button.isEnabled()
    assert window.interfaces.looks == 0


@pytest.mark.root
@needs_root
def test_an_authorised_helper_brings_the_permission(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Allow, and the list is looked at again."""
    pool = socket_pool.POOL
    from trafficdesk.capture import privileged

    real = privileged.run_helper
    monkeypatch.setattr(privileged, "run_helper", lambda command, stop: real(command, pool=pool, stop=stop))
    pkexec = tmp_path / "pkexec"
    pkexec.write_text('#!/bin/sh\nshift\nexec "$@"\n')
    pkexec.chmod(0o755)
    window.list(ask=(str(pkexec), "--disable-internal-agent", *HELPER))
    with qtbot.waitSignal(window.rights.granted, timeout=10_000):
        window.card.allow_button.click()
    assert pool.ready
    assert window.interfaces.looks == 1


def test_closing_ends_the_waiting_and_the_asking(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """Neither a typed command nor an open dialog keeps the window's process alive."""
    pkexec = tmp_path / "pkexec"
    pkexec.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    pkexec.chmod(0o755)
    window.list(helper=HELPER, ask=(str(pkexec), "--disable-internal-agent", *HELPER))
    path = window.path()
    window.card.allow_button.click()
    qtbot.waitUntil(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
    window.rights.shut_down()
    assert not path.exists()
    process = Path("/proc", (tmp_path / "pid").read_text().strip())
    qtbot.waitUntil(lambda: not process.exists())
