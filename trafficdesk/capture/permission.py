"""May this program capture? If not: why, and the exact remedy on this system."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trafficdesk.errors import PermissionDenied

_CAP_NET_RAW: Final = 13
"""linux/capability.h."""
_STATUS_FILE: Final = Path("/proc/self/status")
_NPCAP_PAGE: Final = "https://npcap.com/#download"


@dataclass(frozen=True, slots=True)
class PermissionGuide:
    """What to tell a person about capturing on this system."""

    permitted: bool
    why: str
    """One sentence."""
    command: str
    """What to type, ready to copy; empty where nothing is to be typed."""
    notes: tuple[str, ...]
    """Further sentences: what the command does, what it does not."""


def explain(platform: str = sys.platform) -> PermissionGuide:
    """Whether this process may capture, and if not, what helps.

    Parameters
    ----------
    platform : as `sys.platform` has it.
    """
    explanations = {"linux": _explain_linux, "darwin": _explain_macos, "win32": _explain_windows}
    return explanations.get(platform, _explain_other)()


def denied() -> PermissionDenied:
    """The error that says what `explain` says."""
    guide = explain()
    hint = " ".join(
        part for part in ((f"Run: {guide.command}" if guide.command else ""), *guide.notes[:1]) if part
    )
    return PermissionDenied(guide.why, hint)


def has_raw_capability(status: str) -> bool:
    """Whether the text of a /proc/PID/status shows CAP_NET_RAW as effective."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_NET_RAW & 1)
    return False


def program_file() -> Path:
    """The file the kernel runs for us: the packaged program, or the real Python behind a virtual environment."""
    return Path(sys.executable).resolve()


def _explain_linux() -> PermissionGuide:
    try:
        permitted = has_raw_capability(_STATUS_FILE.read_text())
    except OSError:
        permitted = os.geteuid() == 0
    if permitted:
        return PermissionGuide(True, "This program may read network traffic.", "", ())
    program = program_file()
    why = "This program may not read network traffic: Linux asks for the capability CAP_NET_RAW."
    if getattr(sys, "frozen", False):
        return PermissionGuide(
            False,
            why,
            f"sudo setcap cap_net_raw=ep {_quoted(program)}",
            (*_LINUX_NOTES, _mount_note(program)),
        )
    return PermissionGuide(False, why, _own_python_commands(program), (_OWN_PYTHON_NOTE, *_LINUX_NOTES))


def _explain_other() -> PermissionGuide:
    permitted = os.geteuid() == 0
    why = (
        "This program may read network traffic." if permitted else "Reading network traffic needs root here."
    )
    return PermissionGuide(permitted, why, "", ())


_LINUX_NOTES: Final = (
    "Start TrafficDesk again afterwards; capture files and the sample need no permission at all.",
    "Do not start the window with sudo: the display may refuse it, and its files would become root's.",
)
_OWN_PYTHON_NOTE: Final = (
    "A capability on the system's Python would let every Python script read the network, "
    "so the command gives it to a copy that only this environment uses."
)


def _own_python_commands(program: Path) -> str:
    """Give the capability to a Python of our own: never to the one all the machine's scripts run with."""
    launcher = Path(sys.prefix) / "bin" / "python3"
    if sys.prefix == sys.base_prefix or not launcher.is_symlink():
        return f"sudo setcap cap_net_raw=ep {_quoted(program)}"
    own = Path(sys.prefix) / "bin" / "python-capture"
    package = f"{_quoted(own)} -m trafficdesk"
    return (
        f"cp {_quoted(program)} {_quoted(own)} && chmod 700 {_quoted(own)} && "
        f"sudo setcap cap_net_raw=ep {_quoted(own)} && {package}"
    )


def _mount_note(program: Path) -> str:
    try:
        nosuid = bool(os.statvfs(program).f_flag & os.ST_NOSUID)
    except OSError:
        nosuid = False
    return (
        f"{program.parent} is mounted nosuid, which takes capabilities away: install it elsewhere."
        if nosuid
        else ""
    )


def _explain_macos() -> PermissionGuide:
    device = Path("/dev/bpf0")
    if os.access(device, os.R_OK | os.W_OK):
        return PermissionGuide(True, "This program may read network traffic.", "", ())
    return PermissionGuide(
        False,
        "This program may not read network traffic: /dev/bpf* belongs to root.",
        'sudo chown "$USER" /dev/bpf*',
        (
            "It lasts until the next restart; Wireshark's ChmodBPF makes it last, and TrafficDesk uses it where it is installed.",
            "Capture files and the sample need no permission at all.",
        ),
    )


def _explain_windows() -> PermissionGuide:
    folder = Path(os.environ.get("WINDIR", r"C:\Windows")) / "System32"
    if (folder / "Npcap" / "wpcap.dll").exists() or shutil.which("wpcap.dll"):
        return PermissionGuide(
            True,
            "Npcap is installed.",
            "",
            ("If Npcap was installed for administrators only, Windows asks once for each start.",),
        )
    return PermissionGuide(
        False,
        "Reading network traffic on Windows needs Npcap, which is not installed.",
        "",
        (
            f"Get it from {_NPCAP_PAGE}, install it, then press Retry.",
            "Capture files and the sample need nothing.",
        ),
    )


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
