"""What the laptop hears of its network: ARP, DHCP, mDNS, SSDP, IPv6 neighbour discovery."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.synthetic import frames, messages
from trafficdesk.capture.synthetic.lan import GATEWAY, LAPTOP, NAS, PHONE, PRINTER, Host, address

if TYPE_CHECKING:
    from trafficdesk.capture.synthetic.lan import Lan

_MDNS: Final = "224.0.0.251"
_SSDP: Final = "239.255.255.250"
_ALL_NODES: Final = address("ff02::1")
_ALL_ROUTERS: Final = address("ff02::2")
_EVERYONE: Final = Host("broadcast", frames.BROADCAST, b"\xff" * 4)
_NOBODY: Final = Host("nobody", frames.BROADCAST, bytes(4))


def ask_who_has(lan: Lan, at: float, asker: Host, target: Host, *, answered: bool) -> None:
    """An ARP request by broadcast; the laptop sees the answer only if it takes part."""
    lan.arp(at, 1, asker, target, to=frames.BROADCAST)
    if answered:
        lan.arp(at + 0.0004 + lan.around(0.002), 2, target, asker, to=asker.mac)


def check_neighbour(lan: Lan, at: float, asker: Host, target: Host) -> None:
    """An ARP request straight to the neighbour, to see if it is still there (RFC 1122 section 2.3.2.1)."""
    lan.arp(at, 1, asker, target, to=target.mac)
    lan.arp(at + 0.0006, 2, target, asker, to=asker.mac)


def renew_lease(lan: Lan, at: float) -> None:
    """The laptop renews its address with the gateway (RFC 2131 section 4.4.5)."""
    transaction = lan.rng.getrandbits(32)
    lan.udp(at, LAPTOP, GATEWAY, (68, 67), messages.dhcp(3, transaction, LAPTOP.mac, LAPTOP.ip, reply=False))
    options = b"\x36\x04" + GATEWAY.ip + b"\x33\x04" + struct.pack(">I", 86_400) + b"\x01\x04\xff\xff\xff\x00"
    reply = messages.dhcp(5, transaction, LAPTOP.mac, LAPTOP.ip, reply=True, options=options)
    lan.udp(at + 0.011, GATEWAY, LAPTOP, (67, 68), reply)


def join_network(lan: Lan, at: float, newcomer: Host) -> None:
    """A device arrives: DHCP by broadcast, then it announces its address (RFC 5227)."""
    transaction = lan.rng.getrandbits(32)
    start = Host(newcomer.name, newcomer.mac, bytes(4))
    name = b"\x0c" + bytes([len(newcomer.name)]) + newcomer.name.encode()
    for offset, kind, options in ((0.0, 1, name), (0.05, 3, name + b"\x32\x04" + newcomer.ip)):
        body = messages.dhcp(kind, transaction, newcomer.mac, bytes(4), reply=False, options=options)
        lan.udp_to(at + offset, start, _EVERYONE, (68, 67), body, ttl=64)
    lan.arp(at + 0.4, 1, Host("probe", newcomer.mac, bytes(4)), newcomer, to=frames.BROADCAST)
    lan.arp(at + 2.4, 1, newcomer, newcomer, to=frames.BROADCAST)
    # RFC 4862 section 5.4: a silent check that nobody has the IPv6 address.
    _solicit(lan, at + 0.6, Host("probe", newcomer.mac, b"", bytes(16)), newcomer.ip6)


def find_services(lan: Lan, at: float) -> None:
    """The laptop looks for printers and players; printer and NAS answer."""
    for name in ("_ipp._tcp.local", "_airplay._tcp.local", "_smb._tcp.local"):
        lan.multicast(at, LAPTOP, _MDNS, (5353, 5353), messages.mdns_query(name))
    pointer = messages.dns_name("Printer._ipp._tcp.local")
    lan.multicast(
        at + 0.08, PRINTER, _MDNS, (5353, 5353), messages.mdns_answer("_ipp._tcp.local", 12, pointer)
    )
    lan.multicast(at + 0.11, NAS, _MDNS, (5353, 5353), messages.mdns_answer("nas.local", 1, NAS.ip))


def chatter(lan: Lan, at: float) -> None:
    """A neighbour says something to everybody."""
    device, name = lan.rng.choice(
        ((PHONE, "_googlecast._tcp.local"), (PRINTER, "_ipp._tcp.local"), (NAS, "_smb._tcp.local"))
    )
    if lan.rng.random() < 0.5:
        lan.multicast(at, device, _MDNS, (5353, 5353), messages.mdns_query(name))
    else:
        lan.multicast(
            at, device, _MDNS, (5353, 5353), messages.mdns_answer(f"{device.name}.local", 1, device.ip)
        )


def search_players(lan: Lan, at: float) -> None:
    """SSDP: four searches, a second apart; the gateway answers."""
    port = lan.port()
    for number in range(4):
        search = messages.ssdp_search("urn:schemas-upnp-org:device:MediaRenderer:1")
        lan.multicast(at + number, LAPTOP, _SSDP, (port, 1900), search, ttl=4)
    answer = b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nEXT:\r\nLOCATION: http://192.168.1.1:5000/root.xml\r\nST: upnp:rootdevice\r\nUSN: uuid:sample::upnp:rootdevice\r\n\r\n"
    lan.udp(at + 0.3, GATEWAY, LAPTOP, (1900, port), answer)


def announce_gateway(lan: Lan, at: float) -> None:
    """SSDP: the gateway says that it is there."""
    for number, kind in enumerate(("upnp:rootdevice", "urn:schemas-upnp-org:device:InternetGatewayDevice:1")):
        body = messages.ssdp_notify("http://192.168.1.1:5000/root.xml", kind)
        lan.multicast(at + number * 0.2, GATEWAY, _SSDP, (1900, 1900), body, ttl=4)


def router_discovery(lan: Lan, at: float) -> None:
    """RFC 4861: the laptop asks for routers, the gateway advertises itself."""
    lan.icmpv6(at, LAPTOP, _ALL_ROUTERS, 133, bytes(4) + b"\x01\x01" + LAPTOP.mac)
    advertise_router(lan, at + 0.3)


def advertise_router(lan: Lan, at: float) -> None:
    """RFC 4861 section 4.2, with the documentation prefix."""
    prefix = struct.pack(">BBBBIII", 3, 4, 64, 0xC0, 86_400, 14_400, 0) + address("2001:db8:1:1::")
    head = struct.pack(">BBHII", 64, 0, 1_800, 0, 0) + b"\x01\x01" + GATEWAY.mac
    lan.icmpv6(at, GATEWAY, _ALL_NODES, 134, head + prefix)


def neighbour_discovery(lan: Lan, at: float) -> None:
    """RFC 4861: the gateway asks for the laptop's link address and gets it."""
    _solicit(lan, at, GATEWAY, LAPTOP.ip6)
    body = struct.pack(">I", 0x6000_0000) + LAPTOP.ip6 + b"\x02\x01" + LAPTOP.mac
    lan.icmpv6(at + 0.0001, LAPTOP, GATEWAY.ip6, 136, body, mac=GATEWAY.mac)


def _solicit(lan: Lan, at: float, asker: Host, target: bytes) -> None:
    group = address("ff02::1:ff00:0")[:13] + target[13:]
    # An unspecified source sends no link address (RFC 4861 section 4.3).
    option = b"\x01\x01" + asker.mac if any(asker.ip6) else b""
    lan.icmpv6(at, asker, group, 135, bytes(4) + target + option)
