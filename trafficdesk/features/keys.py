"""Keys and classes of rows: what every feature family groups by and asks of a packet, computed once per batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.features.gaps import Gaps
from trafficdesk.features.names import reverse_names
from trafficdesk.packets.address import halves, is_ipv4, is_local_pair
from trafficdesk.packets.protocol import EtherType, IpProtocol, Protocol, TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.features.gaps import SinceGap
    from trafficdesk.packets.batch import PacketBatch

INFRASTRUCTURE_PORTS: Final = (53, 67, 68, 123, 137, 138, 546, 547, 1900, 5353, 5355)
"""UDP services every host talks to by itself (DNS, DHCP, NTP, NetBIOS, SSDP, mDNS, LLMNR): never fan-out."""
FIRST_DYNAMIC_PORT: Final = 32_768
"""From here on Linux chooses ports for clients (ip_local_port_range); IANA's dynamic ones begin at 49152 (RFC 6335)."""
_PORTED: Final = (IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP, IpProtocol.DCCP, IpProtocol.UDPLITE)
_ICMPV6_COUNTED: Final = (1, 2, 3, 4, 128, 129)
"""Errors and echo; neighbour discovery (RFC 4861) is as common as ARP and no sign of anything."""
_MAC_SALT: Final = 0x5AC3


def mix(first: NDArray[np.int64], second: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """64-bit mix of two numbers per row (splitmix64's finaliser); order matters."""
    a = np.asarray(first).astype(np.uint64)
    b = np.asarray(second).astype(np.uint64)
    with np.errstate(over="ignore"):
        value = (a * np.uint64(0x9E3779B97F4A7C15)) ^ (
            (b + np.uint64(0x632BE59BD9B4E019)) * np.uint64(0xBF58476D1CE4E5B9)
        )
        value ^= value >> np.uint64(31)
        value *= np.uint64(0x94D049BB133111EB)
        value ^= value >> np.uint64(29)
    return value.view(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A batch as the feature families see it; every array has shape (rows,)."""

    seconds: NDArray[np.float64]
    """`CaptureClock`'s time."""
    length: NDArray[np.float64]
    """Bytes on the wire."""
    source: NDArray[np.int64]
    """Host key: the network address; for ARP and frames without a network, the MAC."""
    destination: NDArray[np.int64]
    source_mac: NDArray[np.int64]
    destination_mac: NDArray[np.int64]
    sender_address: NDArray[np.int64]
    """Key of the address in the network header, or ARP's sender protocol address."""
    target_address: NDArray[np.int64]
    source_port: NDArray[np.int64]
    """-1 = none."""
    destination_port: NDArray[np.int64]
    ip_protocol: NDArray[np.int64]
    message_type: NDArray[np.int64]
    ip: NDArray[np.bool_]
    arp: NDArray[np.bool_]
    tcp: NDArray[np.bool_]
    udp: NDArray[np.bool_]
    icmp: NDArray[np.bool_]
    """ICMP and ICMPv6 without neighbour discovery."""
    ported: NDArray[np.bool_]
    """Has ports: TCP, UDP, SCTP, DCCP, UDP-Lite, not a later fragment."""
    syn: NDArray[np.bool_]
    """SYN without ACK."""
    syn_ack: NDArray[np.bool_]
    rst: NDArray[np.bool_]
    multicast: NDArray[np.bool_]
    """To a multicast or broadcast address."""
    infrastructure: NDArray[np.bool_]
    """UDP with one of `INFRASTRUCTURE_PORTS`."""
    dns_query: NDArray[np.bool_]
    """Names something other than an address."""
    dns_missing: NDArray[np.bool_]
    """Answers NXDOMAIN (RFC 1035 section 4.1.1, code 3)."""
    name_length: NDArray[np.float64]
    """Characters of the DNS query name, 0 = none."""
    name_entropy: NDArray[np.float64]
    name: NDArray[np.int64]
    """Hash of the DNS query name."""
    sender_is_any: NDArray[np.bool_]
    """The sender address is 0.0.0.0: an ARP probe (RFC 5227), which claims nothing."""
    packets: NDArray[np.float64]
    """Packets the row stands for: 1 unless the batch was thinned (`packets.batch.Sample`)."""
    conversations: NDArray[np.float64]
    """Conversations its conversation stands for."""
    services: NDArray[np.float64]
    """Services its service stands for."""
    pairs: NDArray[np.float64]
    """Pairs of hosts its pair stands for."""
    since_gap: NDArray[np.float64]
    """Seconds since the capture was last interrupted; inf = never."""
    settling: NDArray[np.bool_]
    """Soon after an interruption."""
    source_inside: NDArray[np.bool_]
    """Private, link-local or multicast address: this network's, and no outside host's."""
    destination_inside: NDArray[np.bool_]
    has_payload: NDArray[np.bool_]
    """Carries data above the transport."""

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def low_port(self) -> NDArray[np.int64]:
        """The smaller port: the service, as a rule."""
        return np.minimum(self.source_port, self.destination_port)


def rows_of(batch: PacketBatch, seconds: NDArray[np.float64], since_gap: SinceGap | None = None) -> Rows:
    """Keys and classes of `batch`, whose packets happened at `seconds`; `since_gap` None = without interruption."""
    network = batch["network"]
    protocol = batch["ip_protocol"].astype(np.int64)
    ip = (network == EtherType.IPV4) | (network == EtherType.IPV6)
    arp = network == EtherType.ARP
    source_port = batch["source_port"].astype(np.int64)
    destination_port = batch["destination_port"].astype(np.int64)
    ported = np.isin(protocol, _PORTED) & (source_port >= 0)
    udp = protocol == IpProtocol.UDP
    tcp = (protocol == IpProtocol.TCP) & ported
    flags = batch["tcp_flags"]
    opening = flags & (TcpFlag.SYN | TcpFlag.ACK)
    message_type = batch["message_type"].astype(np.int64)
    from_halves = halves(batch["source"])
    to_halves = halves(batch["destination"])
    senders = mix(from_halves[:, 0].view(np.int64), from_halves[:, 1].view(np.int64))
    targets = mix(to_halves[:, 0].view(np.int64), to_halves[:, 1].view(np.int64))
    source_mac = batch["source_mac"].view(np.int64)
    destination_mac = batch["destination_mac"].view(np.int64)
    low = np.minimum(source_port, destination_port)
    dns = (batch["protocol"] == Protocol.DNS) & (batch["text_length"] > 0)
    dns &= ~reverse_names(batch, dns)
    code = batch["application_code"]
    answer = (code & 0x8000) != 0
    itself = np.ones(len(batch))
    sample = batch.sample
    since_gap = since_gap or Gaps().since(batch["timestamp_ns"])
    return Rows(
        seconds=seconds,
        since_gap=since_gap.seconds,
        settling=since_gap.settling,
        length=batch["length"].astype(np.float64),
        source=np.where(ip, senders, mix(source_mac, _MAC_SALT)),
        destination=np.where(ip, targets, mix(destination_mac, _MAC_SALT)),
        source_mac=source_mac,
        destination_mac=destination_mac,
        sender_address=senders,
        target_address=targets,
        source_port=source_port,
        destination_port=destination_port,
        ip_protocol=protocol,
        message_type=message_type,
        ip=ip,
        arp=arp,
        tcp=tcp,
        udp=udp,
        icmp=(protocol == IpProtocol.ICMP)
        | ((protocol == IpProtocol.ICMPV6) & np.isin(message_type, _ICMPV6_COUNTED)),
        ported=ported,
        syn=tcp & (opening == TcpFlag.SYN),
        syn_ack=tcp & (opening == (TcpFlag.SYN | TcpFlag.ACK)),
        rst=tcp & ((flags & TcpFlag.RST) != 0),
        multicast=_multicast(ip, to_halves, destination_mac),
        infrastructure=udp & np.isin(low, INFRASTRUCTURE_PORTS),
        dns_query=dns & ~answer,
        dns_missing=dns & answer & ((code & 0xF) == 3),
        name_length=np.where(dns, batch["text_length"], 0).astype(np.float64),
        name_entropy=np.where(dns, batch["name_entropy"], 0).astype(np.float64),
        name=batch["name_hash"].view(np.int64),
        sender_is_any=(from_halves[:, 1] & np.uint64(0xFFFF_FFFF)) == 0,
        packets=itself if sample is None else sample.packets.astype(np.float64),
        conversations=itself if sample is None else sample.conversations.astype(np.float64),
        services=itself if sample is None else sample.services.astype(np.float64),
        pairs=itself if sample is None else sample.pairs.astype(np.float64),
        source_inside=is_local_pair(from_halves),
        destination_inside=is_local_pair(to_halves),
        has_payload=batch["payload_length"] > 0,
    )


def _multicast(ip: NDArray[np.bool_], pair: NDArray[np.uint64], mac: NDArray[np.int64]) -> NDArray[np.bool_]:
    """RFC 5771 and 4291; `x.x.x.255` is taken for a subnet's broadcast address."""
    four = is_ipv4(pair)
    low = pair[:, 1] & np.uint64(0xFFFF_FFFF)
    to_many = np.where(
        four,
        ((low >> np.uint64(28)) == 14) | ((low & np.uint64(255)) == 255),
        (pair[:, 0] >> np.uint64(56)) == 0xFF,
    )
    group_mac = ((mac >> 40) & 1).astype(np.bool_) & (mac >= 0)
    return np.where(ip, to_many, group_mac)
