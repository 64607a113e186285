"""What is said to dumpcap and what it says: its command line, its complaints, its count of dropped frames.

Source: dumpcap(1) of Wireshark 4.0, draft-ietf-opsawg-pcapng (2025) section 4.6.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.permission import denied
from trafficdesk.errors import BadCaptureFilter, CaptureError, InterfaceNotFound, PermissionDenied
from trafficdesk.packets.printable import shown

if TYPE_CHECKING:
    from trafficdesk.settings.declared import CaptureSettings

_STATISTICS_BLOCK: Final = 5
_DROPPED: Final = 5
"""isb_ifdrop."""
LONGEST_STATISTICS: Final = 512
"""Bytes of an interface statistics block; dumpcap's have 108."""


def dumpcap_arguments(program: str, interface: str, settings: CaptureSettings) -> list[str]:
    """The command line; every value stands after its option, so that none can be taken for one."""
    arguments = [program, "-q", "-i", interface, "-w", "-"]
    arguments += ["-s", str(settings.snap_length), "-B", str(settings.ring_mib)]
    arguments += [] if settings.promiscuous else ["-p"]
    expression = settings.capture_filter.strip()
    return arguments + (["-f", expression] if expression else [])


def open_error(words: str, interface: str, expression: str) -> CaptureError:
    """Our error for what dumpcap said before it captured anything."""
    lower = words.lower()
    if "permission" in lower or "not permitted" in lower:
        guide = denied()
        return PermissionDenied(f"dumpcap may not capture on {interface}.", guide.hint)
    if "invalid capture filter" in lower:
        reason = words[words.find("(") + 1 : words.rfind(")")].removeprefix("can't parse filter expression: ")
        return BadCaptureFilter(
            f"The capture filter is not understood: {shown(reason)}.",
            f"Write it as tcpdump takes it; this one is: {expression}",
        )
    if "no such device" in lower or "no device named" in lower:
        return InterfaceNotFound(
            f"There is no interface {interface}.", "Choose one of: trafficdesk interfaces"
        )
    if "is not up" in lower or "network is down" in lower:
        return CaptureError(
            f"The interface {interface} is switched off.",
            f"Switch it on, for example: sudo ip link set {interface} up",
        )
    return CaptureError(
        f"Capturing on {interface} can't begin: {first_sentence(words)}", "Choose another interface."
    )


def first_sentence(words: str) -> str:
    """What dumpcap complains of, on one line."""
    lines = [line.strip() for line in words.splitlines()]
    told = next((line for line in lines if line.startswith("dumpcap: ")), "")
    told = told.removeprefix("dumpcap: ") or next(
        (line for line in lines if line and not line.startswith(("Capturing on", "File:", "Packets "))),
        "dumpcap ended without a word.",
    )
    return shown(told)


def dropped_of(end: bytes | bytearray) -> int:
    """Frames dropped, after the interface statistics block with which `end` ends; 0 where it ends otherwise."""
    if len(end) < 24:
        return 0
    (length,) = struct.unpack_from("=I", end, len(end) - 4)
    if not 24 <= length <= len(end):
        return 0
    block = end[len(end) - length :]
    if struct.unpack_from("=II", block) != (_STATISTICS_BLOCK, length):
        return 0
    at = 20
    while at + 4 <= length - 4:
        code, size = struct.unpack_from("=HH", block, at)
        if code == _DROPPED and size == 8 and at + 12 <= length:
            return int(struct.unpack_from("=Q", block, at + 4)[0])
        if code == 0:
            break
        at += 4 + ((size + 3) & ~3)
    return 0
