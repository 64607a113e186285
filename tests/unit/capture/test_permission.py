"""Permission: on every system why not, and what exactly helps; Linux is in `test_permission_linux`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import pytest

from trafficdesk.capture import permission
from trafficdesk.capture.permission import PermissionCase, PermissionGuide, denied, explain, program_file


def test_the_error_carries_the_guide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cause as title, command in the hint."""
    guide = PermissionGuide(
        permitted=False, why="Not so.", command="sudo this", notes=("Then that.", "More.")
    )
    monkeypatch.setattr(permission, "explain", lambda: guide)
    error = denied()
    assert (error.title, error.hint) == ("Not so.", "Run: sudo this Then that.")


def test_a_refusal_in_spite_of_the_right_is_a_sandboxs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then no command is named that would not help."""
    monkeypatch.setattr(permission, "explain", lambda: PermissionGuide(True, "May.", "", ()))
    assert "sandbox" in denied().title


def test_every_system_has_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """macOS and Windows say what to install or to type; files stay usable everywhere."""
    monkeypatch.setattr(permission.os, "access", lambda *_: False)
    monkeypatch.setenv("WINDIR", str(tmp_path))
    mac, windows = explain("darwin"), explain("win32")
    assert (mac.permitted, mac.case) == (False, PermissionCase.BPF_DEVICES)
    assert mac.command == 'sudo chown "$USER" /dev/bpf*'
    assert (windows.permitted, windows.case, windows.command) == (False, PermissionCase.NPCAP, "")
    assert any("npcap.com" in note and "Retry" in note for note in windows.notes)
    assert all(any("Capture files" in note for note in guide.notes) for guide in (mac, windows))


def test_chmodbpf_wants_its_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where Wireshark's ChmodBPF is installed, joining its group lasts and chown would not."""
    monkeypatch.setattr(permission.os, "access", lambda *_: False)
    monkeypatch.setattr(permission, "_CHMOD_BPF", tmp_path)
    guide = explain("darwin")
    assert "access_bpf" in guide.command
    assert "chown" not in guide.command


def test_readable_bpf_devices_are_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened them, chown or ChmodBPF."""
    monkeypatch.setattr(permission.os, "access", lambda path, _mode: path == "/dev/bpf0")
    assert explain("darwin").permitted


def test_npcap_is_found_again_without_a_restart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its default folder is not on the path; installed after the first look, the next look finds it."""
    monkeypatch.setenv("WINDIR", str(tmp_path))
    assert not explain("win32").permitted
    library = tmp_path / "System32" / "Npcap" / "wpcap.dll"
    library.parent.mkdir(parents=True)
    library.touch()
    guide = explain("win32")
    assert guide.permitted
    assert guide.notes == ()


@pytest.mark.parametrize(("admin_only", "said"), [(1, True), (0, False), (None, False)])
def test_npcap_for_administrators_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, admin_only: int | None, said: bool
) -> None:
    """As Npcap's entry in the registry has it."""

    class Key:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

    def value(_key: Key, name: str) -> tuple[int, int]:
        if admin_only is None:
            raise FileNotFoundError(name)
        assert name == "AdminOnly"
        return admin_only, 4

    registry = SimpleNamespace(HKEY_LOCAL_MACHINE=0, OpenKey=lambda *_: Key(), QueryValueEx=value)
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setenv("WINDIR", str(tmp_path))
    library = tmp_path / "System32" / "Npcap" / "wpcap.dll"
    library.parent.mkdir(parents=True)
    library.touch()
    guide = explain("win32")
    assert guide.permitted
    assert any("administrators" in note for note in guide.notes) is said


def test_other_systems_need_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where we know no better."""
    monkeypatch.setattr(permission.os, "geteuid", lambda: 1_000)
    assert not explain("freebsd14").permitted
    monkeypatch.setattr(permission.os, "geteuid", lambda: 0)
    assert explain("freebsd14").permitted
    assert Path(sys.executable).resolve() == program_file()


def test_a_library_installed_later_is_loaded_without_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed look is not remembered: the next one, after Retry, loads Npcap or libpcap."""
    import ctypes.util

    import scapy.libs

    from trafficdesk.capture.bpf import load_libpcap

    if load_libpcap() is None:
        pytest.skip("libpcap is not installed")
    monkeypatch.delitem(sys.modules, "scapy.libs.winpcapy")
    monkeypatch.delattr(scapy.libs, "winpcapy")
    with monkeypatch.context() as missing:
        missing.setattr(ctypes.util, "find_library", lambda _name: None)
        assert load_libpcap() is None
    assert load_libpcap() is not None
