"""The display filter that asks for what a layer or a field of the details shows. No Qt here."""

from __future__ import annotations

from typing import Final

from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.display_filter import compile_filter, filter_for_value

_PROTOCOLS: Final = {
    "Ethernet II": "eth",
    "802.1Q virtual LAN": "vlan",
    "Address Resolution Protocol": "arp",
    "Internet Protocol Version 4": "ip",
    "Internet Protocol Version 6": "ipv6",
    "Transmission Control Protocol": "tcp",
    "User Datagram Protocol": "udp",
    "Stream Control Transmission Protocol": "sctp",
    "Internet Control Message Protocol": "icmp",
    "Domain Name System": "dns",
    "Transport Layer Security": "tls",
    "Hypertext Transfer Protocol": "http",
    "Simple Service Discovery Protocol": "ssdp",
    "Network Time Protocol": "ntp",
    "Session Initiation Protocol": "sip",
    "Simple Mail Transfer Protocol": "smtp",
    "File Transfer Protocol": "ftp",
    "Internet Message Access Protocol": "imap",
    "Post Office Protocol": "pop",
    "Internet Relay Chat": "irc",
}
"""Layers as `decode.dissect` names them."""

_FIELDS: Final = {
    ("eth", "Source"): "eth.src",
    ("eth", "Destination"): "eth.dst",
    ("vlan", "VLAN identifier"): "vlan.id",
    ("arp", "Sender protocol address"): "arp.src.proto_ipv4",
    ("arp", "Target protocol address"): "arp.dst.proto_ipv4",
    ("ip", "Source"): "ip.src",
    ("ip", "Destination"): "ip.dst",
    ("ip", "Time to live"): "ip.ttl",
    ("ipv6", "Source"): "ipv6.src",
    ("ipv6", "Destination"): "ipv6.dst",
    ("ipv6", "Hop limit"): "ipv6.hlim",
    ("tcp", "Source port"): "tcp.srcport",
    ("tcp", "Destination port"): "tcp.dstport",
    ("tcp", "Sequence number"): "tcp.seq_raw",
    ("tcp", "Acknowledgement number"): "tcp.ack_raw",
    ("tcp", "Window"): "tcp.window_size_value",
    ("udp", "Source port"): "udp.srcport",
    ("udp", "Destination port"): "udp.dstport",
    ("udp", "Length"): "udp.length",
    ("sctp", "Source port"): "sctp.srcport",
    ("sctp", "Destination port"): "sctp.dstport",
    ("icmp", "Code"): "icmp.code",
    ("dns", "Transaction identifier"): "dns.id",
    ("dns", "Response"): "dns.flags.response",
    ("dns", "Answers"): "dns.count.answers",
}
"""Fields as `decode.dissect_fields` words them, where the table has a column for them."""


def filter_for_layer(layer: str) -> str:
    """Packets that have the layer; empty where the table does not tell."""
    return _PROTOCOLS.get(layer, "")


def filter_for_field(layer: str, name: str, value: str) -> str:
    """Packets whose field has this value ("443 (https)" is 443); empty where the table does not tell."""
    protocol = _PROTOCOLS.get(layer, "")
    if (protocol, name) == ("tcp", "Flags"):
        expression = f"tcp.flags == {value.rpartition('(')[2].rstrip(')')}"
    elif (protocol, name) in _FIELDS:
        expression = filter_for_value(_FIELDS[protocol, name], value.partition(" ")[0])
    else:
        return ""
    try:
        compile_filter(expression)
    except BadDisplayFilter:
        return ""  # the value is written in words
    return expression
