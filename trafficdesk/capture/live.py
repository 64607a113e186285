"""`open_live`: the best way to capture on an interface that this system offers."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

from trafficdesk.capture.bpf import load_libpcap

if TYPE_CHECKING:
    from trafficdesk.capture.source import LiveSource
    from trafficdesk.settings.declared import CaptureSettings

_log = logging.getLogger(__name__)


def open_live(interface: str, settings: CaptureSettings, platform: str = sys.platform) -> LiveSource:
    """Start capturing on `interface`.

    Linux: a packet ring, on a socket of our own or one that the helper has opened; without either Wireshark's
    dumpcap. Elsewhere libpcap or Npcap; where neither is installed, scapy's own socket.

    Parameters
    ----------
    platform : as `sys.platform` has it.

    Raises
    ------
    PermissionDenied, InterfaceNotFound, BadCaptureFilter, CaptureError
        If it can't be opened; each says what to do.
    """
    if platform == "linux":
        return _open_linux(interface, settings)
    if load_libpcap() is not None:
        from trafficdesk.capture.libpcap import LibpcapSource

        return LibpcapSource(interface, settings)
    _log.warning("no libpcap: capturing through scapy's own socket, which loses packets under load")
    from trafficdesk.capture.scapy_socket import ScapySource

    return ScapySource(interface, settings)


def _open_linux(interface: str, settings: CaptureSettings) -> LiveSource:
    from trafficdesk.capture.permission import PermissionCase, explain

    guide = explain("linux")
    if guide.case is PermissionCase.HELPER:
        from trafficdesk.capture.privileged import run_helper

        run_helper(guide.helper, stop=threading.Event())
    elif guide.case is PermissionCase.DUMPCAP:
        from trafficdesk.capture.dumpcap import DumpcapSource

        _log.info("capturing on %s through dumpcap", interface)
        return DumpcapSource(interface, settings)
    from trafficdesk.capture.packet_ring import PacketRing

    return PacketRing(interface, settings)
