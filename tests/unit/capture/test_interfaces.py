"""Interfaces: friendly names after what the kernel says, the default route, the list of this machine."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.helpers.namespaces import cable, needs_namespaces
from trafficdesk.capture import interfaces
from trafficdesk.capture.interface_names import friendly_name, is_virtual
from trafficdesk.capture.interfaces import (
    ANY,
    InterfaceInfo,
    LinkState,
    default_interface,
    default_route_interface,
    interface_names,
    joined,
    list_interfaces,
)
from trafficdesk.capture.permission import PermissionGuide

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
    names = [info.name for info in found if info.name != ANY]
    assert sorted(names) == sorted(name for _, name in socket.if_nameindex())
    (loopback,) = [info for info in found if info.is_loopback]
    assert loopback.friendly_name == "Loopback"
    assert "127.0.0.1" in loopback.addresses or not loopback.is_up
    assert default_interface() == names[0]


def test_a_machine_without_interfaces_has_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to choose is None, not an error."""
    monkeypatch.setattr(interfaces, "list_interfaces", tuple)
    assert default_interface() is None


def an_interface(name: str = "eth0", **changes: object) -> InterfaceInfo:
    values: dict[str, object] = {
        "name": name,
        "friendly_name": "Ethernet",
        "addresses": (),
        "is_up": True,
        "is_loopback": False,
        "permitted": True,
    }
    return InterfaceInfo(**{**values, **changes})


def test_the_link_in_words() -> None:
    """Up, switched on without a cable or a network, switched off."""
    assert (an_interface().link, an_interface().link_words) == (LinkState.UP, "up")
    unplugged = an_interface(is_up=False, lacks_carrier=True)
    assert (unplugged.link, unplugged.link_words) == (LinkState.NO_CARRIER, "no cable")
    assert an_interface(friendly_name="Wi-Fi", is_up=False, lacks_carrier=True).link_words == "not connected"
    assert an_interface(is_up=False).link_words == "down"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("", ()),
        ("eth0", ("eth0",)),
        (" eth0, wlan0,,eth0", ("eth0", "wlan0")),
        ("eth0,any,lo", (ANY,)),
    ],
)
def test_a_choice_of_several(choice: str, names: tuple[str, ...]) -> None:
    """Commas part them, each counts once, and "any" covers all; joined again it is the same choice."""
    assert interface_names(choice) == names
    assert interface_names(joined(names)) == names


def test_idle_virtual_ones_come_last() -> None:
    """Connected before unplugged before switched off, real before virtual."""
    order = [
        an_interface("eth0", addresses=("10.0.0.2",)),
        an_interface("docker0", friendly_name="Docker bridge", is_virtual=True),
        an_interface(ANY, friendly_name="All interfaces"),
        an_interface("lo", is_loopback=True),
        an_interface("eth1", is_up=False, lacks_carrier=True),
        an_interface("wlan0", friendly_name="Wi-Fi", is_up=False),
        an_interface("ifb0", is_up=False, is_virtual=True),
    ]
    assert sorted(set(order), key=interfaces._rank) == order


@pytest.mark.skipif(sys.platform != "linux", reason='only Linux has "any"')
def test_all_interfaces_can_be_captured_on_at_once() -> None:
    """ "any" is listed once, never as the default one."""
    (everything,) = [info for info in list_interfaces() if info.name == ANY]
    assert everything.friendly_name == "All interfaces"
    assert everything.is_up
    assert default_interface() != ANY


def test_why_capturing_is_not_permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each interface has the sentence; where it is permitted, there is nothing to say."""
    for permitted, expected in ((True, ""), (False, "No CAP_NET_RAW.")):
        guide = PermissionGuide(permitted=permitted, why="No CAP_NET_RAW.", command="", notes=())
        monkeypatch.setattr(interfaces, "explain", lambda guide=guide: guide)
        found = list_interfaces()
        assert found
        assert {(info.permitted, info.why_not) for info in found} == {(permitted, expected)}


@pytest.mark.root
@needs_namespaces
def test_a_pulled_cable_is_told_from_a_switched_off_interface() -> None:
    """What the kernel says of a cable whose far end is down, of one switched off, and of one that works."""
    with cable() as ends:
        for state, far, expected in (
            ("up", True, "up"),
            ("down", True, "no carrier"),
            ("down", False, "down"),
        ):
            ends.ip("link", "set", "v0", state, far=far)
            assert _link_soon(ends.near, expected) == expected


def _link_soon(namespace: str, expected: str) -> object:
    """The kernel tells of a lost carrier after a second."""
    for _ in range(20):
        link = _listed_in(namespace)["v0"]["link"]
        if link == expected:
            break
        time.sleep(0.2)
    return link


def _listed_in(namespace: str) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, sys.executable, "-m", "trafficdesk", "interfaces", "--json", "-"],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return {entry["name"]: entry for entry in json.loads(done.stdout)["interfaces"]}


def test_what_a_program_made_is_virtual(tmp_path: Path) -> None:
    """Bridges, tunnels, containers' cables; not a network card, not Wi-Fi; Windows says it in its descriptions."""
    made_up = {
        friendly_name(name, tmp_path) for name in ("docker0", "veth1", "tun0", "wg0", "virbr0", "strange")
    }
    assert all(is_virtual(words) for words in made_up)
    assert not any(is_virtual(words) for words in ("Ethernet", "Wi-Fi", "USB tethering", "Loopback"))
    assert is_virtual("Hyper-V Virtual Ethernet Adapter")
    assert not is_virtual("Intel(R) Wi-Fi 6 AX201 160MHz")
