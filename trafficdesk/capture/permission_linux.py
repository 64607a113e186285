"""Permission to capture on Linux: every way there is, the best one first.

Source: capabilities(7), pkexec(1), statvfs(3), linux/capability.h.
"""

from __future__ import annotations

import os
import shlex
import shutil
import struct
import sys
from pathlib import Path
from typing import Final

from trafficdesk.capture import dumpcap_program
from trafficdesk.capture.permission import FILES_NOTE, PermissionCase, PermissionGuide, program_file
from trafficdesk.capture.socket_pool import POOL

_CAP_NET_RAW: Final = 13
_STATUS_FILE: Final = Path("/proc/self/status")
_HELPER_NAME: Final = "trafficdesk-capture-helper"
_INSTALLED: Final = (
    Path("/usr/local/libexec") / _HELPER_NAME,
    Path("/usr/libexec") / _HELPER_NAME,
    Path("/opt/trafficdesk") / _HELPER_NAME,
)
"""Where resources/linux/INSTALL.md puts it, and where its polkit policy knows it."""
_GROUP: Final = "trafficdesk"
_WHY: Final = "This program may not read network traffic: Linux asks for the capability CAP_NET_RAW."
_HELPER_NOTE: Final = (
    "A small helper opens the sockets, hands them over and ends; TrafficDesk itself gets no rights."
)
_WINDOW_NOTE: Final = (
    "Do not start the window with sudo: the display may refuse it, and its files would become root's."
)


def explain_linux() -> PermissionGuide:
    """The best way to capture, or what helps."""
    status = _status()
    if "CapEff" in status and has_capability(status, "CapEff"):
        return _permitted("This program may read network traffic.", PermissionCase.OWN_RIGHT)
    if POOL.ready:
        return _permitted("The helper has opened sockets for this program.", PermissionCase.HANDED_OVER)
    if (helper := packaged_helper()) is not None and may_run_with_right(helper, status):
        return _permitted(
            "The packaged helper may open sockets for this program.", PermissionCase.HELPER, (str(helper),)
        )
    if dumpcap_program.permitted_program() is not None:
        return _permitted("Wireshark's dumpcap captures for this program.", PermissionCase.DUMPCAP)
    if "CapBnd" in status and not has_capability(status, "CapBnd"):
        return _forbidden()
    return _remedies(status)


def has_capability(status: dict[str, str], which: str, number: int = _CAP_NET_RAW) -> bool:
    """Whether a set (CapEff, CapBnd) of /proc/PID/status holds a capability."""
    return bool(int(status.get(which, "0"), 16) >> number & 1)


def packaged_helper() -> Path | None:
    """The helper beside the packaged program."""
    if not getattr(sys, "frozen", False):
        return None
    helper = program_file().with_name(_HELPER_NAME)
    return helper if helper.exists() else None


def may_run_with_right(helper: Path, status: dict[str, str]) -> bool:
    """Whether we may run `helper` and it gets CAP_NET_RAW from its file."""
    return (
        os.access(helper, os.X_OK)
        and status.get("NoNewPrivs", "0") == "0"
        and has_capability(status, "CapBnd")
        and not is_nosuid(helper)
        and carries_right(_file_capability(helper))
    )


def carries_right(attribute: bytes) -> bool:
    """Whether struct vfs_cap_data permits CAP_NET_RAW and makes it effective."""
    if len(attribute) < 12:
        return False
    magic, permitted = struct.unpack_from("<II", attribute)
    return bool(magic & 1 and permitted >> _CAP_NET_RAW & 1)


def is_nosuid(path: Path) -> bool:
    """Whether the file system there takes capabilities away."""
    try:
        return bool(os.statvfs(path).f_flag & os.ST_NOSUID)
    except OSError:
        return False


def helper_command() -> tuple[str, ...]:
    """What root has to run, without our socket's path: an installed helper, the packaged one, or the source."""
    for installed in _INSTALLED:
        if _is_roots(installed):
            return (str(installed),)
    if getattr(sys, "frozen", False):
        helper = packaged_helper()
        return (str(helper),) if helper is not None else ()
    return (str(program_file()), "-I", str(Path(__file__).resolve().with_name("helper.py")))


def _permitted(why: str, case: PermissionCase, helper: tuple[str, ...] = ()) -> PermissionGuide:
    return PermissionGuide(True, why, "", (), case, helper)


def _forbidden() -> PermissionGuide:
    return PermissionGuide(
        False,
        "This container or sandbox was started without the capability CAP_NET_RAW: not even root may capture in it.",
        "",
        (
            "Start it with that capability, for example: docker run --cap-add=NET_RAW, or run TrafficDesk outside.",
            FILES_NOTE,
        ),
        PermissionCase.FORBIDDEN,
    )


def _remedies(status: dict[str, str]) -> PermissionGuide:
    helper = () if "APPIMAGE" in os.environ else helper_command()
    pkexec = shutil.which("pkexec") if status.get("NoNewPrivs", "0") == "0" else None
    ask = (pkexec, "--disable-internal-agent", *helper) if pkexec and helper else ()
    command, effect = _command(helper)
    notes = (_obstacle(), _HELPER_NOTE if helper else "", _WINDOW_NOTE, FILES_NOTE)
    return PermissionGuide(
        False,
        _WHY,
        command,
        tuple(note for note in notes if note),
        PermissionCase.ASKABLE if ask else PermissionCase.TERMINAL,
        helper,
        ask,
        effect,
        lasts=command.startswith("sudo "),
    )


def _obstacle() -> str:
    """Why this program's own helper can't be given the right for good; empty = it can, or there is none."""
    packaged = packaged_helper()
    if "APPIMAGE" in os.environ:
        return "Nobody, not even root, can give rights to what is inside an AppImage: use the folder instead."
    if packaged is None:
        return ""
    if is_nosuid(packaged):
        return f"{packaged.parent} is mounted nosuid, which takes capabilities away: install it elsewhere."
    if not _is_roots(packaged):
        return f"To allow it for good, install TrafficDesk as root, for example in /opt; {packaged.parent} is not root's."
    return ""


def _command(helper: tuple[str, ...]) -> tuple[str, str]:
    """What to type whether or not a window waits for it, and what it does."""
    packaged = packaged_helper()
    if packaged is not None and not _obstacle():
        return _capability_command(packaged), (
            f"Members of the group {_GROUP} may capture then. Log out and in again, then press Retry."
        )
    if (group := dumpcap_program.group_of_program()) is not None:
        return f'sudo usermod -aG {shlex.quote(group)} "$USER"', (
            "It lets Wireshark's dumpcap capture for you. Log out and in again, then press Retry."
        )
    if helper:
        return f"{_in_terminal()} monitor", "In a terminal it asks for sudo and captures there."
    return "", ""


def _in_terminal() -> str:
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "trafficdesk"]
    return shlex.join(program)


def _capability_command(helper: Path) -> str:
    quoted = shlex.quote(str(helper))
    return (
        f"sudo groupadd -f {_GROUP} && sudo chgrp {_GROUP} {quoted} && sudo chmod 750 {quoted} && "
        f'sudo setcap cap_net_raw=ep {quoted} && sudo usermod -aG {_GROUP} "$USER"'
    )


def _is_roots(path: Path) -> bool:
    """Whether only root can change the file or put another in its place."""
    try:
        return all(
            (found := place.stat()).st_uid == 0 and not found.st_mode & 0o022
            for place in (path, *path.resolve().parents)
        )
    except OSError:
        return False


def _file_capability(path: Path) -> bytes:
    try:
        return os.getxattr(path, "security.capability")
    except OSError:
        return b""


def _status() -> dict[str, str]:
    """/proc/self/status by name."""
    try:
        lines = _STATUS_FILE.read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
