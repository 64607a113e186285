"""Permission on Linux: the best way wins, and each case without one names what helps there."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from trafficdesk.capture import permission_linux
from trafficdesk.capture.permission import PermissionCase
from trafficdesk.capture.permission_linux import carries_right, explain_linux, helper_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's capabilities")

RAW = 1 << 13
ALL = (1 << 41) - 1
SETCAP_EP = bytes.fromhex("0100000200200000000000000000000000000000")
"""What `setcap cap_net_raw=ep` writes (struct vfs_cap_data, revision 2)."""


class Machine:
    """A Linux as the tests want it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._status = folder / "status"
        self._patch = patch
        patch.setattr(permission_linux, "_STATUS_FILE", self._status)
        patch.setattr(permission_linux, "_INSTALLED", ())
        patch.delenv("APPIMAGE", raising=False)
        self.gives(0)
        self.dumpcap(permitted=False)
        self.pkexec("")

    def gives(self, effective: int, bounding: int = ALL, no_new: int = 0) -> None:
        self._status.write_text(
            f"Name:\tx\nCapPrm:\t{0:016x}\nCapEff:\t{effective:016x}\nCapBnd:\t{bounding:016x}\nNoNewPrivs:\t{no_new}\n"
        )

    def dumpcap(self, *, permitted: bool, group: str | None = None) -> None:
        there: Any = permission_linux.dumpcap_program
        self._patch.setattr(there, "permitted_program", lambda: "/usr/bin/dumpcap" if permitted else None)
        self._patch.setattr(there, "group_of_program", lambda: group)

    def pkexec(self, path: str) -> None:
        self._patch.setattr(permission_linux.shutil, "which", lambda _name: path or None)

    def packaged(self, folder: Path, attribute: bytes = b"", *, roots: bool = True) -> Path:
        helper = folder / "trafficdesk-capture-helper"
        helper.touch(0o755)
        self._patch.setattr(sys, "frozen", True, raising=False)
        self._patch.setattr(sys, "executable", str(folder / "trafficdesk"))
        self._patch.setattr(permission_linux, "_file_capability", lambda _path: attribute)
        self._patch.setattr(permission_linux, "_is_roots", lambda _path: roots)
        self._patch.setattr(permission_linux, "is_nosuid", lambda _path: False)
        return helper


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("capabilities", "permitted"), [(RAW, True), (1 << 12, False), (ALL, True), (0, False)]
)
def test_the_effective_capability_decides(machine: Machine, capabilities: int, permitted: bool) -> None:
    """CAP_NET_RAW is bit 13; being root without it is not enough."""
    machine.gives(capabilities)
    assert explain_linux().permitted is permitted


def test_the_best_way_wins(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Own right, then sockets at hand, then a helper with the right, then dumpcap."""
    machine.dumpcap(permitted=True)
    assert explain_linux().case is PermissionCase.DUMPCAP
    helper = machine.packaged(tmp_path, SETCAP_EP)
    guide = explain_linux()
    assert (guide.case, guide.helper) == (PermissionCase.HELPER, (str(helper),))

    class Filled:
        ready = True

    monkeypatch.setattr(permission_linux, "POOL", Filled())
    assert explain_linux().case is PermissionCase.HANDED_OVER
    machine.gives(RAW)
    assert explain_linux().case is PermissionCase.OWN_RIGHT


@pytest.mark.parametrize(
    ("attribute", "right"),
    [
        (SETCAP_EP, True),
        (b"", False),
        (SETCAP_EP[:8], False),
        (bytes.fromhex("0000000200200000000000000000000000000000"), False),  # =p only
        (bytes.fromhex("0100000200100000000000000000000000000000"), False),  # cap_net_admin
    ],
)
def test_a_files_capability_is_read_as_the_kernel_has_it(attribute: bytes, right: bool) -> None:
    """Permitted and effective, or it is of no use to a program that does not raise it."""
    assert carries_right(attribute) is right


@pytest.mark.parametrize("taken_away", ["nosuid", "no_new", "not executable"])
def test_a_right_that_would_not_arrive_does_not_count(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken_away: str
) -> None:
    """nosuid mounts and sandboxes take file capabilities away; others than the group may not run the helper."""
    machine.packaged(tmp_path, SETCAP_EP)
    if taken_away == "nosuid":
        monkeypatch.setattr(permission_linux, "is_nosuid", lambda _path: True)
    elif taken_away == "no_new":
        machine.gives(0, no_new=1)
    else:
        monkeypatch.setattr(permission_linux.os, "access", lambda *_: False)
    assert not explain_linux().permitted


def test_from_source_pkexec_asks_and_the_helper_is_named(machine: Machine) -> None:
    """The very command, ours without rights; the window is never started with them."""
    machine.pkexec("/usr/bin/pkexec")
    guide = explain_linux()
    source = Path(permission_linux.__file__).with_name("helper.py")
    helper = (str(Path(sys.executable).resolve()), "-I", str(source))
    assert guide.case is PermissionCase.ASKABLE
    assert guide.helper == helper
    assert guide.ask == ("/usr/bin/pkexec", "--disable-internal-agent", *helper)
    assert source.exists()
    assert any("window with sudo" in note for note in guide.notes)


def test_without_pkexec_a_terminal_is_the_way(machine: Machine) -> None:
    """`monitor` there asks for sudo; a window waits for the same helper."""
    guide = explain_linux()
    assert (guide.case, guide.ask) == (PermissionCase.TERMINAL, ())
    assert guide.helper
    assert shlex.split(guide.command) == [sys.executable, "-m", "trafficdesk", "monitor"]
    assert not any("setcap" in text for text in (guide.command, *guide.notes))


def test_a_sandbox_that_gains_nothing_is_not_asked(machine: Machine) -> None:
    """With no_new_privs pkexec can't become root, but a terminal elsewhere can."""
    machine.pkexec("/usr/bin/pkexec")
    machine.gives(0, no_new=1)
    guide = explain_linux()
    assert guide.case is PermissionCase.TERMINAL
    assert guide.ask == ()


def test_the_packaged_helper_gets_a_group(machine: Machine, tmp_path: Path) -> None:
    """The command gives the right to the helper alone, for a group, quoted; never to the window."""
    folder = tmp_path / "My Programs"
    folder.mkdir()
    helper = machine.packaged(folder)
    command = explain_linux().command
    assert f"sudo setcap cap_net_raw=ep {shlex.quote(str(helper))}" in command
    assert f"sudo chmod 750 {shlex.quote(str(helper))}" in command
    assert "groupadd -f trafficdesk" in command
    assert command.index("chgrp") < command.index("setcap"), "chown takes capabilities away"


def test_a_helper_that_others_may_change_gets_no_lasting_right(machine: Machine, tmp_path: Path) -> None:
    """What a user may overwrite must not carry a capability."""
    machine.packaged(tmp_path, roots=False)
    guide = explain_linux()
    assert "setcap" not in guide.command
    assert any("install TrafficDesk as root" in note for note in guide.notes)


def test_nosuid_and_appimage_are_told_apart(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own remedy, neither with a command that has no effect."""
    machine.packaged(tmp_path)
    monkeypatch.setattr(permission_linux, "is_nosuid", lambda _path: True)
    guide = explain_linux()
    assert any("nosuid" in note for note in guide.notes)
    assert "setcap" not in guide.command
    monkeypatch.setenv("APPIMAGE", "/home/me/TrafficDesk.AppImage")
    machine.pkexec("/usr/bin/pkexec")
    guide = explain_linux()
    assert any("AppImage" in note for note in guide.notes)
    assert (guide.helper, guide.ask, guide.case) == ((), (), PermissionCase.TERMINAL)


def test_a_container_without_the_right_says_so(machine: Machine) -> None:
    """Where the bounding set lacks it, no password helps."""
    machine.gives(0, bounding=ALL & ~RAW)
    machine.pkexec("/usr/bin/pkexec")
    guide = explain_linux()
    assert guide.case is PermissionCase.FORBIDDEN
    assert (guide.command, guide.ask, guide.helper) == ("", (), ())
    assert any("--cap-add=NET_RAW" in note for note in guide.notes)


def test_the_group_of_dumpcap_is_a_remedy(machine: Machine) -> None:
    """Where Wireshark is installed for a group, joining it is enough."""
    machine.dumpcap(permitted=False, group="wireshark")
    guide = explain_linux()
    assert guide.command == 'sudo usermod -aG wireshark "$USER"'
    assert "Log out" in guide.effect
    assert guide.lasts


def test_only_a_helper_of_roots_is_taken_for_installed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """pkexec's policy names a path; whoever can write there could be run as root."""
    planted = tmp_path / "trafficdesk-capture-helper"
    planted.touch()
    planted.chmod(0o777)
    monkeypatch.setattr(permission_linux, "_INSTALLED", (planted,))
    assert str(planted) not in helper_command()
    monkeypatch.setattr(permission_linux, "_is_roots", lambda path: path == planted)
    assert helper_command() == (str(planted),)


def test_without_proc_nothing_is_claimed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No /proc, no right that could be shown; the remedies remain."""
    monkeypatch.setattr(permission_linux, "_STATUS_FILE", Path("/nonexistent/status"))
    guide = explain_linux()
    assert not guide.permitted
    assert guide.case is PermissionCase.TERMINAL
