"""The stage: hosts of a small home network, and the record of what the laptop's interface sees.

Names and addresses outside are the ones reserved for documentation (RFC 2606, RFC 5737, RFC 3849), so that nobody's
real address stands beside an attack.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from trafficdesk.capture.synthetic import frames
from trafficdesk.packets.protocol import EtherType, IpProtocol

if TYPE_CHECKING:
    import random

START_NS: Final = 1_789_459_200_000_000_000
"""2026-09-15 08:00:00 UTC: the capture's own time; no clock is read."""

SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Host:
    """One device; outside hosts carry the gateway's link address."""

    name: str
    mac: bytes
    ip: bytes
    ip6: bytes = b""
    ttl: int = 64

    @property
    def text(self) -> str:
        """The IPv4 address as text."""
        return str(ipaddress.IPv4Address(self.ip))


def address(text: str) -> bytes:
    """Packed address."""
    return ipaddress.ip_address(text).packed


def _device(name: str, mac: str, last: int, *, ttl: int = 64) -> Host:
    link = bytes.fromhex(mac.replace(":", ""))
    # Interface identifier after RFC 4291 appendix A.
    identifier = bytes([link[0] ^ 2]) + link[1:3] + b"\xff\xfe" + link[3:]
    return Host(name, link, bytes((192, 168, 1, last)), address("fe80::")[:8] + identifier, ttl)


GATEWAY: Final = _device("gateway", "02:1a:11:00:00:01", 1)
NAS: Final = _device("nas", "02:1a:11:00:00:14", 20)
LAPTOP: Final = _device("laptop", "02:1a:11:00:00:17", 23)
PRINTER: Final = _device("printer", "02:1a:11:00:00:1f", 31)
PHONE: Final = _device("phone", "02:1a:11:00:00:2c", 44)
SCANNER: Final = _device("guest", "02:1a:11:00:00:3c", 60)
INTRUDER: Final = _device("intruder", "02:66:66:00:00:42", 66)


@dataclass(slots=True)
class Seen:
    """One frame as the interface saw it."""

    timestamp_ns: int
    data: bytes
    wire_length: int
    incident: int
    """1-based number of the incident it belongs to; 0 = none."""


@dataclass(slots=True)
class Lan:
    """Everything that happens, in any order; `seen` is sorted by time at the end.

    Times are seconds since the capture's start.
    """

    rng: random.Random
    seen: list[Seen] = field(default_factory=list)
    poisoned: tuple[float, float] = (0.0, 0.0)
    """When the laptop believes that the intruder is the gateway."""
    incident: int = 0
    """Number given to the frames that are sent now."""
    _identification: dict[bytes, int] = field(default_factory=dict)
    _port: int = 49_152

    def see(self, at: float, frame: bytes, wire_length: int | None = None) -> None:
        """Record a frame; `wire_length` where it is cut."""
        length = len(frame) if wire_length is None else wire_length
        self.seen.append(Seen(START_NS + round(at * SECOND_NS), frame, length, self.incident))

    def packet(
        self,
        at: float,
        source: Host,
        destination: Host,
        protocol: IpProtocol,
        payload: bytes,
        *,
        length: int | None = None,
        ttl: int | None = None,
    ) -> None:
        """Send one IPv4 packet; `length` as in `frames`."""
        number = self._identification.get(source.ip, source.ip[3] * 251) + 1
        self._identification[source.ip] = number & 0xFFFF
        packet = frames.ipv4(
            source.ip,
            destination.ip,
            protocol,
            payload,
            ttl=source.ttl if ttl is None else ttl,
            identification=number & 0xFFFF,
            length=length,
        )
        cut = 0 if length is None else length - len(payload)
        self._put(at, source, self._next_hop(at, source, destination), EtherType.IPV4, packet, cut=cut)

    def icmpv6(
        self, at: float, source: Host, destination: bytes, kind: int, body: bytes, *, mac: bytes = b""
    ) -> None:
        """Send one ICMPv6 message with hop limit 255, to a group or to the link address `mac`."""
        message = frames.icmpv6((source.ip6, destination), kind, 0, body)
        packet = frames.ipv6(source.ip6, destination, IpProtocol.ICMPV6, message, hop_limit=255)
        self._put(at, source, mac or frames.multicast_mac(destination), EtherType.IPV6, packet)

    def udp(
        self,
        at: float,
        source: Host,
        destination: Host,
        ports: tuple[int, int],
        payload: bytes,
        *,
        length: int | None = None,
    ) -> None:
        """Send one datagram over IPv4."""
        datagram = frames.udp((source.ip, destination.ip), ports, payload, length=length)
        claimed = None if length is None else length + 8
        self.packet(at, source, destination, IpProtocol.UDP, datagram, length=claimed)

    def multicast(
        self, at: float, source: Host, group: str, ports: tuple[int, int], payload: bytes, *, ttl: int = 255
    ) -> None:
        """Send one datagram to an IPv4 group."""
        ip = address(group)
        self.udp_to(at, source, Host("group", frames.multicast_mac(ip), ip), ports, payload, ttl=ttl)

    def udp_to(
        self, at: float, source: Host, destination: Host, ports: tuple[int, int], payload: bytes, *, ttl: int
    ) -> None:
        """Send one datagram with a time to live of its own."""
        datagram = frames.udp((source.ip, destination.ip), ports, payload)
        self.packet(at, source, destination, IpProtocol.UDP, datagram, ttl=ttl)

    def arp(
        self, at: float, operation: int, sender: Host, target: Host, *, to: bytes, claims: bytes | None = None
    ) -> None:
        """Send one ARP message to the link address `to`; `claims` is another sender address than its own."""
        mac = bytes(6) if operation == 1 else target.mac
        body = frames.arp(operation, (sender.mac, claims or sender.ip), (mac, target.ip))
        self._put(at, sender, to, EtherType.ARP, body)

    def port(self) -> int:
        """The laptop's next ephemeral port."""
        self._port = 49_152 + (self._port + self.rng.randrange(1, 7) - 49_152) % 16_000
        return self._port

    def around(self, mean: float) -> float:
        """A waiting time, mostly short and sometimes long; only multiplications, so the same on every machine."""
        share = self.rng.random()
        return mean * (0.1 + 2.7 * share * share)

    def noise(self, size: int) -> bytes:
        """Bytes that stand for what is encrypted."""
        return self.rng.randbytes(size)

    def _next_hop(self, at: float, source: Host, destination: Host) -> bytes:
        begin, end = self.poisoned
        if source is LAPTOP and destination.mac == GATEWAY.mac and begin <= at < end:
            return INTRUDER.mac
        return destination.mac

    def _put(
        self, at: float, source: Host, mac: bytes, ether_type: EtherType, packet: bytes, *, cut: int = 0
    ) -> None:
        frame = frames.ethernet(source.mac, mac, ether_type, packet, padded=source is not LAPTOP and not cut)
        self.see(at, frame, len(frame) + cut)


def outside(name: str, text: str, ttl: int = 55) -> Host:
    """A host beyond the gateway."""
    return Host(name, GATEWAY.mac, address(text), b"", ttl)
