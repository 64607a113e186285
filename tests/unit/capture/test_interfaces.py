"""Interfaces: friendly names after what the kernel says, the default route, the list of this machine."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture import interfaces
from trafficdesk.capture.interfaces import (
    default_interface,
    default_route_interface,
    friendly_name,
    list_interfaces,
)

if TYPE_CHECKING:
    from pathlib import Path

KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "lo": ("Loopback", {"type": "772\n"}),
    "wlp3s0": ("Wi-Fi", {"type": "1\n", "uevent": "DEVTYPE=wlan\n", "phy80211/name": "phy0"}),
    "wlan0": ("Wi-Fi", {"wireless/status": "0"}),
    "enp0s31f6": ("Ethernet", {"type": "1\n", "uevent": "INTERFACE=enp0s31f6\n", "device/vendor": "0x8086"}),
    "docker0": ("Docker bridge", {"uevent": "DEVTYPE=bridge\n"}),
    "br0": ("Bridge", {"uevent": "DEVTYPE=bridge\n"}),
    "virbr0": ("Virtual machine bridge", {"uevent": "DEVTYPE=bridge\n"}),
    "veth12ab": ("Container cable", {"uevent": ""}),
    "office": ("VPN (WireGuard)", {"uevent": "DEVTYPE=wireguard\n"}),
    "tun0": ("VPN", {"tun_flags": "0x1001"}),
    "corp": ("VPN", {"tun_flags": "0x1001"}),
    "eth0.5": ("VLAN", {"uevent": "DEVTYPE=vlan\n"}),
    "wwan0": ("Mobile broadband", {"uevent": "DEVTYPE=wwan\n"}),
    "strange": ("Virtual", {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_names_that_people_know(tmp_path: Path, name: str) -> None:
    """sysfs tells what an interface is."""
    expected, files = KINDS[name]
    for file, content in files.items():
        path = tmp_path / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert friendly_name(name, tmp_path) == expected


def test_a_telephone_behind_usb_is_tethering(tmp_path: Path) -> None:
    """The driver tells it from a network card."""
    for driver, expected in {"rndis_host": "USB tethering", "r8152": "Ethernet"}.items():
        (tmp_path / driver).mkdir()
        (tmp_path / f"for-{driver}" / "device").mkdir(parents=True)
        (tmp_path / f"for-{driver}" / "device" / "driver").symlink_to(tmp_path / driver)
        assert friendly_name(f"for-{driver}", tmp_path) == expected


ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t50\t00000000\t0\t0\t0\n"
    "off0\t00000000\t00000000\t0200\t0\t0\t1\t00000000\t0\t0\t0\n"
    "eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
)
ROUTES_6 = (
    f"{'0' * 32} 00 {'0' * 32} 00 {'fe80':0<32} 00000400 00000001 00000000 00000003 eth1\n"
    f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo\n"
    f"{'fe80':0<32} 40 {'0' * 32} 00 {'0' * 32} 00000100 00000001 00000000 00000001 eth0\n"
)


def test_the_default_route_with_the_lowest_metric_wins(tmp_path: Path) -> None:
    """IPv4 before IPv6; routes that are down or reject do not count; no table is no route."""
    assert default_route_interface(tmp_path) is None
    (tmp_path / "ipv6_route").write_text(ROUTES_6)
    assert default_route_interface(tmp_path) == "eth1"
    (tmp_path / "route").write_text(ROUTES)
    assert default_route_interface(tmp_path) == "wlan0"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows names its devices otherwise")
def test_this_machine_is_listed() -> None:
    """Every interface the system knows, once, with its addresses; the default one comes first."""
    found = list_interfaces()
    names = [info.name for info in found]
    assert sorted(names) == sorted(name for _, name in socket.if_nameindex())
    (loopback,) = [info for info in found if info.is_loopback]
    assert loopback.friendly_name == "Loopback"
    assert "127.0.0.1" in loopback.addresses or not loopback.is_up
    assert default_interface() == names[0]


def test_a_machine_without_interfaces_has_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to choose is None, not an error."""
    monkeypatch.setattr(interfaces, "list_interfaces", tuple)
    assert default_interface() is None
