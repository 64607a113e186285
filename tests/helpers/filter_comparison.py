"""How many frames a display filter lets through, here and in tshark, for many filters of one capture at once."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

from tests.helpers.tshark_statistics import PREFERENCES
from trafficdesk.capture.pcap_file import CaptureFile
from trafficdesk.decode import decode
from trafficdesk.decode.conversations import Conversations
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.log import PacketLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXPRESSIONS: Final = (
    # Protocols: whether a frame has it.
    "frame", "eth", "arp", "ip", "ipv6", "tcp", "udp", "icmp", "icmpv6", "igmp", "dns", "mdns", "dhcp", "tls", "http", "ntp",
    "ssdp", "vlan",
    # Numbers.
    "frame.len > 500", "frame.len <= 60", "frame.len == 60", "frame.cap_len >= 100", "frame.number < 10",
    "frame.number >= 5 && frame.number <= 20", "eth.type == 0x0800", "ip.proto == 17", "ip.ttl < 64", "ip.ttl != 64",
    "tcp.port == 443", "tcp.port != 443", "tcp.port !== 443", "tcp.port === 443", "all tcp.port > 1024",
    "any udp.port == 53", "tcp.srcport > 1024 && tcp.dstport < 1024", "tcp.srcport > tcp.dstport", "udp.port in {53, 67..68, 123}",
    "udp.port == 53 or udp.port == 5353", "not udp.port in {53}", "udp.length > 100", "tcp.len > 0", "tcp.len == 0",
    "tcp.window_size_value < 1000", "tcp.seq == 1", "tcp.ack > 1000",
    # Flags and bits.
    "tcp.flags == 0x012", "tcp.flags.syn == 1", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.flags.reset == 1", "tcp.flags.fin",
    "tcp.flags & 0x02", "!(tcp.flags.push == 1)", "tcp.flags.syn == 1 or tcp.flags.fin == 1 or tcp.flags.reset == 1",
    # Addresses.
    "ip.addr == 10.0.0.0/8", "ip.src == 192.168.0.0/16 or ip.dst == 172.16.0.0/12", "ip.src != 10.0.0.1", "ip.addr != 192.168.0.0/16",
    "!(ip.addr == 192.168.0.0/16)", "ip.addr !== 192.168.0.0/16", "ip.dst == 224.0.0.0/4", "ip.dst == 255.255.255.255",
    "ip.src == ip.dst", "ip.src > 128.0.0.0", "ipv6.addr == fe80::/10", "ipv6.dst == ff02::fb", "ipv6.hlim == 255",
    "eth.addr == ff:ff:ff:ff:ff:ff", "eth.dst != ff:ff:ff:ff:ff:ff", "eth.src > 80:00:00:00:00:00", "arp.opcode == 1",
    "arp.src.proto_ipv4 == 192.168.0.0/16",
    # Texts.
    'dns.qry.name contains "com"', 'dns.qry.name matches "^[a-m]"', 'dns.qry.name == "www.google.com"', "len(dns.qry.name) > 20",
    'lower(dns.qry.name) contains "local"', 'http.request.method == "GET"', 'http.request.uri contains "/"',
    'tls.handshake.extensions_server_name contains "."',
    # What applications say.
    "dns.flags.response == 0", "dns.flags.rcode == 3", "dns.qry.type == 28", "dns.count.answers > 0", "tls.handshake.type == 1",
    "http.response.code >= 400", "icmp.type == 8", "icmp.type == 3 && icmp.code == 3", "icmpv6.type == 135", "igmp.type == 0x16",
    # Logic.
    "not udp and ip", "tcp && !(tcp.port == 80)", "tcp || udp && frame.len > 500", "(tcp || udp) && frame.len > 500", "!tcp && !udp && !arp",
    "!(ip || ipv6)", "not (not tcp)",
    # What earlier segments tell.
    "tcp.analysis.retransmission", "tcp.analysis.duplicate_ack", "tcp.analysis.zero_window",
)  # fmt: skip
"""Every kind of field, every operator, absent fields, several occurrences."""

DEVIATIONS: Final = {
    "tls": "A segment that only continues a record may have its name here and not there, and the other way round.",
    'lower(dns.qry.name) contains "local"': "Of several questions in one message (mDNS), the first one's name is kept.",
    "tcp.analysis.retransmission": "Which of retransmission and out of order it is, tshark decides by the round trip.",
}
"""Filters whose counts may differ a little on the captures of the test, and why."""


def tshark_counts(path: Path, expressions: Sequence[str]) -> list[int]:
    """Frames each of them lets through, in one run.

    Raises
    ------
    ValueError
        If the capture has no duration, or is none.
    """
    # The statistic separates its filters by commas; those of a set may be left out by writing ranges.
    asked = "io,stat,0," + ",".join(_without_commas(expression) for expression in expressions)
    done = subprocess.run(
        [
            "tshark",
            "-n",
            "-q",
            *PREFERENCES,
            "-o",
            "tcp.desegment_tcp_streams:FALSE",
            "-z",
            asked,
            "-r",
            str(path),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    for line in done.stdout.splitlines():
        if re.match(r"^\|\s*[\d.]+\s*<>", line):
            numbers = [int(cell) for cell in re.findall(r"\d+", line.split("|", 2)[2])]
            return numbers[::2]
    raise ValueError("tshark counts nothing in a capture of no duration")


def our_counts(path: Path, expressions: Sequence[str]) -> list[int]:
    """The same, here."""
    log, conversations = PacketLog(), Conversations()
    with CaptureFile(path) as file:
        for block in file.blocks():
            log.append(conversations.follow(decode(block)))
    return [len(log.select(compile_filter(expression).mask)) for expression in expressions]


def different(path: Path, expressions: Sequence[str] = EXPRESSIONS) -> list[tuple[str, int, int]]:
    """(expression, theirs, ours) where the counts are not equal."""
    theirs, ours = tshark_counts(path, expressions), our_counts(path, expressions)
    return [
        (expression, one, other)
        for expression, one, other in zip(expressions, theirs, ours, strict=True)
        if one != other
    ]


def _without_commas(expression: str) -> str:
    field, _, rest = expression.partition(" in {")
    if "," not in rest:
        return expression
    inverted = field.startswith("not ")
    field = field.removeprefix("not ")
    elements, _, after = rest.partition("}")
    parts = [
        f"{field} in {{{element.strip()}}}" if ".." in element else f"{field} == {element.strip()}"
        for element in elements.split(",")
    ]
    joined = " || ".join(parts)
    return f"{'not ' * inverted}({joined}){after}"
