"""Whether a capture filter can be used on certain interfaces: the same words compile on Ethernet and not on a tunnel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.bpf import check_filter, compile_filter
from trafficdesk.capture.interfaces import ANY
from trafficdesk.errors import BadCaptureFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

_SYSFS: Final = Path("/sys/class/net")
_ETHERNET: Final = 1
_RAW_IP: Final = 12
"""LINKTYPE_RAW: what a filter sees of frames without a link header that can be relied on."""


def check_filter_on(expression: str, names: Iterable[str]) -> str | None:
    """Why `expression` is no capture filter for one of the interfaces; None = it is one for all. Needs no permission.

    Parameters
    ----------
    names : the interfaces; none stands for an Ethernet one.
    """
    reason = check_filter(expression)
    if reason is not None:
        return reason
    for name in names:
        try:
            compile_filter(expression, link_type=_seen_as(name))
        except BadCaptureFilter as error:
            return f"On {name} a filter sees packets from their IP header on. {error.title}"
    return None


def _seen_as(name: str, sysfs: Path = _SYSFS) -> int:
    """LINKTYPE_ value of what a filter sees on an interface; see `PacketRing`."""
    if sys.platform != "linux":
        return _ETHERNET
    if name == ANY:
        return _RAW_IP
    from trafficdesk.capture.ring_frames import link_type_of

    try:
        hardware_type = int((sysfs / name / "type").read_text())
    except (OSError, ValueError):
        return _ETHERNET
    link_type = link_type_of(hardware_type)
    return _RAW_IP if link_type in {None, 101} else link_type or _ETHERNET
