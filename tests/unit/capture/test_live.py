"""`open_live` takes the best way there is on each system."""

from __future__ import annotations

import pytest

from trafficdesk.capture import dumpcap, libpcap, live, packet_ring, privileged, scapy_socket
from trafficdesk.capture.live import open_live
from trafficdesk.capture.permission import PermissionCase, PermissionGuide
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


@pytest.mark.parametrize(
    ("case", "source", "helped"),
    [
        (PermissionCase.OWN_RIGHT, "ring", False),
        (PermissionCase.HANDED_OVER, "ring", False),
        (PermissionCase.HELPER, "ring", True),
        (PermissionCase.DUMPCAP, "dumpcap", False),
        (PermissionCase.TERMINAL, "ring", False),
    ],
)
def test_linux_takes_the_way_that_is_permitted(
    monkeypatch: pytest.MonkeyPatch, case: PermissionCase, source: str, helped: bool
) -> None:
    """A helper that carries the right is run first; dumpcap stands in for the ring; without a way, the ring refuses."""
    guide = PermissionGuide(
        permitted=case is not PermissionCase.TERMINAL,
        why="",
        command="",
        notes=(),
        case=case,
        helper=("/helper",),
    )
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr("trafficdesk.capture.permission.explain", lambda _platform: guide)
    monkeypatch.setattr(privileged, "run_helper", lambda command, **_: ran.append(command))
    monkeypatch.setattr(packet_ring, "PacketRing", lambda *_: "ring")
    monkeypatch.setattr(dumpcap, "DumpcapSource", lambda *_: "dumpcap")
    assert open_live("x0", CaptureSettings(), "linux") == source
    assert ran == ([("/helper",)] if helped else [])
