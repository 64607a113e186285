"""Permission: told from the kernel's own words, with a command that fits this program."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture import permission
from trafficdesk.capture.permission import denied, explain, has_raw_capability, program_file

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Pretend that the kernel gives this process these capabilities."""

    def pretend(capabilities: int) -> None:
        (tmp_path / "status").write_text(f"Name:\tx\nCapPrm:\t{0:016x}\nCapEff:\t{capabilities:016x}\n")
        monkeypatch.setattr(permission, "_STATUS_FILE", tmp_path / "status")

    return pretend


@pytest.mark.parametrize(
    ("capabilities", "permitted"), [(1 << 13, True), (1 << 12, False), ((1 << 41) - 1, True), (0, False)]
)
def test_the_effective_capability_decides(
    status: Callable[[int], None], capabilities: int, permitted: bool
) -> None:
    """CAP_NET_RAW is bit 13; being root without it is not enough."""
    status(capabilities)
    assert explain("linux").permitted is permitted


def test_other_lines_do_not_count() -> None:
    """Only the effective set does."""
    assert not has_raw_capability(f"CapPrm:\t{1 << 13:016x}\nCapEff:\t{0:016x}\n")
    assert not has_raw_capability("")


def test_a_packaged_program_is_named_itself(
    status: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command gives the capability to the file that runs, quoted for the shell."""
    status(0)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/My Programs/trafficdesk")
    guide = explain("linux")
    assert shlex.split(guide.command) == ["sudo", "setcap", "cap_net_raw=ep", "/opt/My Programs/trafficdesk"]
    assert not any("sudo" in note and "Do not" not in note for note in guide.notes)


def test_the_systems_python_is_left_alone(
    status: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From a virtual environment, a copy in it gets the capability, not the Python all scripts share."""
    status(0)
    system = tmp_path / "usr" / "python3.11"
    own = tmp_path / "venv" / "bin"
    own.mkdir(parents=True)
    system.parent.mkdir()
    system.touch()
    (own / "python3").symlink_to(system)
    monkeypatch.setattr(sys, "executable", str(own / "python3"))
    monkeypatch.setattr(sys, "prefix", str(own.parent))
    command = explain("linux").command
    assert f"setcap cap_net_raw=ep {own / 'python-capture'}" in command
    assert f"cp {system} {own / 'python-capture'}" in command
    assert f"setcap cap_net_raw=ep {system}" not in command
    assert program_file() == system


def test_the_error_carries_the_guide(status: Callable[[int], None]) -> None:
    """Cause as title, command in the hint."""
    status(0)
    guide, error = explain("linux"), denied()
    assert error.title == guide.why
    assert guide.command in error.hint


def test_every_system_has_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """macOS and Windows say what to install or to type; files stay usable everywhere."""
    monkeypatch.setattr(permission.os, "access", lambda *_: False)
    monkeypatch.setenv("WINDIR", str(tmp_path))
    mac, windows = explain("darwin"), explain("win32")
    assert not mac.permitted
    assert "/dev/bpf" in mac.command
    assert not windows.permitted
    assert any("npcap.com" in note for note in windows.notes)
    assert all(any("Capture files" in note for note in guide.notes) for guide in (mac, windows))


def test_npcap_is_found_in_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its default place is not on the path."""
    monkeypatch.setenv("WINDIR", str(tmp_path))
    library = tmp_path / "System32" / "Npcap" / "wpcap.dll"
    library.parent.mkdir(parents=True)
    library.touch()
    assert explain("win32").permitted


def test_other_systems_need_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where we know no better."""
    monkeypatch.setattr(permission.os, "geteuid", lambda: 1_000)
    assert not explain("freebsd14").permitted
    monkeypatch.setattr(permission.os, "geteuid", lambda: 0)
    assert explain("freebsd14").permitted
    assert Path(sys.executable).resolve() == program_file()
