"""`open_live` takes the best way there is on each system."""

from __future__ import annotations

import pytest

from trafficdesk.capture import libpcap, live, packet_ring, scapy_socket
from trafficdesk.capture.live import open_live
from trafficdesk.settings.declared import CaptureSettings


class Opened:
    def __init__(self, interface: str, settings: CaptureSettings) -> None:
        self.arguments = interface, settings


@pytest.mark.parametrize(
    ("platform", "has_libpcap", "module", "name"),
    [
        ("linux", True, packet_ring, "PacketRing"),
        ("linux", False, packet_ring, "PacketRing"),
        ("darwin", True, libpcap, "LibpcapSource"),
        ("win32", True, libpcap, "LibpcapSource"),
        ("win32", False, scapy_socket, "ScapySource"),
    ],
)
def test_each_system_has_its_way(
    monkeypatch: pytest.MonkeyPatch, platform: str, has_libpcap: bool, module: object, name: str
) -> None:
    """The ring on Linux, libpcap elsewhere, scapy's socket where there is none."""

    class Chosen(Opened):
        pass

    monkeypatch.setattr(module, name, Chosen)
    monkeypatch.setattr(live, "load_libpcap", lambda: object() if has_libpcap else None)
    settings = CaptureSettings()
    source = open_live("x0", settings, platform)
    assert isinstance(source, Chosen)
    assert source.arguments == ("x0", settings)
