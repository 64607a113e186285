"""`capture.network`: which network an interface is in, and a key that does not say which."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trafficdesk.capture.interfaces import joined
from trafficdesk.capture.network import NetworkSight, network_of

if TYPE_CHECKING:
    from pathlib import Path

ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	FE01000A	0003	0	0	100	00000000	0	0	0
eth1	00000000	00000000	0001	0	0	1	00000000	0	0	0
eth0	0000000A	00000000	0001	0	0	100	0000FFFF	0	0	0
"""
NEIGHBOURS = """\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         3c:84:6a:01:02:03     *        wlan0
10.0.1.254       0x1         0x2         00:1a:2b:3c:4d:5e     *        eth0
10.0.1.254       0x1         0x2         66:66:66:66:66:66     *        eth9
"""
IPV6 = (
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe80000000000000021a2bfffe3c4d5e 00000400 00000001 00000000 00000003     wlan1\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name, content in (("route", ROUTES), ("arp", NEIGHBOURS), ("ipv6_route", IPV6)):
        (tmp_path / name).write_text(content)
    return tmp_path


@linux
@pytest.mark.parametrize(
    ("choice", "gateway", "mac"),
    [
        ("wlan0", "192.168.1.1", "3c846a010203"),
        ("eth0", "10.0.1.254", "001a2b3c4d5e"),
        ("wlan0,eth0", "10.0.1.254", "001a2b3c4d5e"),
        ("any", "10.0.1.254", "001a2b3c4d5e"),
        ("eth1", "", ""),
        ("wlan1", "fe80::21a:2bff:fe3c:4d5e", ""),
    ],
)
def test_the_gateway_is_that_of_the_preferred_route(proc: Path, choice: str, gateway: str, mac: str) -> None:
    """Lowest metric among the chosen interfaces, IPv4 before IPv6, the neighbour on the same interface."""
    assert network_of(choice, proc=proc) == NetworkSight(joined(sorted(choice.split(","))), gateway, mac)


@linux
def test_a_gateway_that_has_not_answered_is_not_known_yet(proc: Path) -> None:
    """Its route is there, its MAC is not: this network can't be told from others with the same address."""
    (proc / "arp").write_text(
        NEIGHBOURS.replace("0x2         3c:84:6a:01:02:03", "0x0         00:00:00:00:00:00")
    )
    assert not network_of("wlan0", proc=proc).known
    assert network_of("eth0", proc=proc).known
    assert network_of("eth1", proc=proc).known


@linux
def test_what_is_no_table_is_no_network(tmp_path: Path) -> None:
    """Missing and foreign files are the same as no route."""
    assert network_of("eth0", proc=tmp_path) == NetworkSight("eth0")
    (tmp_path / "route").write_bytes(b"\xff\n1 2\n")
    assert network_of("eth0", proc=tmp_path) == NetworkSight("eth0")


@pytest.mark.parametrize(
    ("platform", "answers", "gateway", "mac"),
    [
        (
            "darwin",
            {
                "netstat": "Destination Gateway Flags Netif\ndefault 192.168.1.1 UGScg en0\ndefault link#9 UCSI en7\n",
                "arp": "? (192.168.1.1) at 0:1a:2b:3:4d:5e on en0 ifscope [ethernet]\n",
            },
            "192.168.1.1",
            "001a2b034d5e",
        ),
        (
            "win32",
            {
                "route": "          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.50     25\r\n",
                "arp": "  Internet Address      Physical Address      Type\r\n  192.168.1.1  00-1a-2b-3c-4d-5e  dynamic\r\n",
            },
            "192.168.1.1",
            "001a2b3c4d5e",
        ),
        ("darwin", {}, "", ""),
    ],
)
def test_other_systems_say_it_in_their_programs_words(
    monkeypatch: pytest.MonkeyPatch, platform: str, answers: dict[str, str], gateway: str, mac: str
) -> None:
    """As netstat, route and arp print it there; a program that is missing says nothing."""
    monkeypatch.setattr(sys, "platform", platform)
    seen = network_of("en0", ask=lambda command: answers.get(command[0], ""))
    assert seen == NetworkSight("en0", gateway, mac)


def test_the_key_depends_on_router_interface_and_salt() -> None:
    """The same again for the same three, another for any other; no part of it can be read off."""
    home = NetworkSight("wlan0", "192.168.1.1", "3c846a010203")
    salt = bytes(range(32))
    assert home.key(salt) == NetworkSight("wlan0", "10.9.9.9", "3c846a010203").key(salt)
    others = [
        NetworkSight("eth0", "192.168.1.1", "3c846a010203").key(salt),
        NetworkSight("wlan0", "192.168.1.1", "001a2b3c4d5e").key(salt),
        home.key(bytes(32)),
    ]
    assert len({home.key(salt), *others}) == 4
    assert len(home.key(salt)) == 32
    assert "3c846a" not in home.key(salt)
