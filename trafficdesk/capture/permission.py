"""May this program capture? If not: why, and the exact remedy on this system."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from trafficdesk.errors import PermissionDenied

_NPCAP_PAGE: Final = "https://npcap.com/#download"
_NPCAP_KEY: Final = r"SYSTEM\CurrentControlSet\Services\npcap\Parameters"
_CHMOD_BPF: Final = Path("/Library/LaunchDaemons/org.wireshark.ChmodBPF.plist")
FILES_NOTE: Final = "Capture files and the sample need no permission at all."


class PermissionCase(StrEnum):
    """How this process may capture, or what stands in the way."""

    OWN_RIGHT = "own right"
    HANDED_OVER = "sockets from the helper"
    HELPER = "helper with the right"
    DUMPCAP = "dumpcap"
    ASKABLE = "the system can ask"
    TERMINAL = "by a command in a terminal"
    FORBIDDEN = "not even root may"
    BPF_DEVICES = "bpf devices"
    NPCAP = "Npcap"
    OTHER = "other"


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
    case: PermissionCase = PermissionCase.OTHER
    helper: tuple[str, ...] = ()
    """What hands over packet sockets when root runs it with the path of our socket; empty = no way here."""
    ask: tuple[str, ...] = ()
    """The same behind the system's own authentication dialog; empty = there is none."""
    effect: str = ""
    """What `command` does; one sentence."""
    lasts: bool = False
    """Whether `command` allows capturing for good."""


def explain(platform: str = sys.platform) -> PermissionGuide:
    """Whether this process may capture, and if not, what helps; quick enough to be asked every second.

    Parameters
    ----------
    platform : as `sys.platform` has it.
    """
    if platform == "linux":
        from trafficdesk.capture.permission_linux import explain_linux

        return explain_linux()
    explanations = {"darwin": _explain_macos, "win32": _explain_windows}
    return explanations.get(platform, _explain_other)()


def denied() -> PermissionDenied:
    """The error that says what `explain` says."""
    guide = explain()
    if guide.permitted:
        return PermissionDenied(
            "The system refused although this program may read network traffic: a sandbox forbids packet sockets.",
            "Start TrafficDesk outside of it.",
        )
    hint = " ".join(
        part
        for part in (
            f"Run: {guide.command}" if guide.command else "",
            *((guide.effect,) if guide.effect else guide.notes[:1]),
        )
        if part
    )
    return PermissionDenied(guide.why, hint)


def program_file() -> Path:
    """The file the kernel runs for us: the packaged program, or the real Python behind a virtual environment."""
    return Path(sys.executable).resolve()


def _explain_other() -> PermissionGuide:
    permitted = os.geteuid() == 0
    why = (
        "This program may read network traffic." if permitted else "Reading network traffic needs root here."
    )
    return PermissionGuide(permitted, why, "", ())


def _explain_macos() -> PermissionGuide:
    if os.access("/dev/bpf0", os.R_OK | os.W_OK):
        return PermissionGuide(
            True, "This program may read network traffic.", "", (), PermissionCase.BPF_DEVICES
        )
    if _CHMOD_BPF.exists():
        return PermissionGuide(
            False,
            "This program may not read network traffic: Wireshark's ChmodBPF is installed, but you are not in its group.",
            'sudo dseditgroup -o edit -a "$USER" -t user access_bpf',
            ("Log out and in again afterwards.", FILES_NOTE),
            PermissionCase.BPF_DEVICES,
        )
    return PermissionGuide(
        False,
        "This program may not read network traffic: /dev/bpf* belongs to root.",
        'sudo chown "$USER" /dev/bpf*',
        (
            "It lasts until the next restart; Wireshark's ChmodBPF makes it last, and TrafficDesk uses it where it is.",
            FILES_NOTE,
        ),
        PermissionCase.BPF_DEVICES,
    )


def _explain_windows() -> PermissionGuide:
    # Looked for anew each time, so that Retry finds what was installed in the meantime.
    folder = Path(os.environ.get("WINDIR", r"C:\Windows")) / "System32"
    if (folder / "Npcap" / "wpcap.dll").exists() or shutil.which("wpcap.dll"):
        notes = (
            ("Npcap was installed for administrators only: Windows asks at each start of a capture.",)
            if _npcap_is_for_administrators()
            else ()
        )
        return PermissionGuide(True, "Npcap is installed.", "", notes, PermissionCase.NPCAP)
    return PermissionGuide(
        False,
        "Reading network traffic on Windows needs Npcap, which is not installed.",
        "",
        (
            f"Get it from {_NPCAP_PAGE}, install it, then press Retry; TrafficDesk need not be restarted.",
            "Leave “Restrict Npcap driver's access to Administrators only” off, or Windows asks at each start.",
            FILES_NOTE,
        ),
        PermissionCase.NPCAP,
    )


def _npcap_is_for_administrators() -> bool:
    """What was chosen when Npcap was installed, as its registry entry has it."""
    try:
        winreg: Any = importlib.import_module("winreg")  # Windows only
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _NPCAP_KEY) as key:
            return bool(winreg.QueryValueEx(key, "AdminOnly")[0])
    except (ImportError, OSError):
        return False
