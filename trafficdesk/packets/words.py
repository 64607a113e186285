"""What a person reads for the numbers of protocols, as Wireshark words them (IANA registries, read 2026-11)."""

from __future__ import annotations

from functools import cache
from typing import Final

from trafficdesk.packets.protocol import IpProtocol, TcpFlag, TcpNote

DNS_TYPES: Final = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 24: "SIG",
    25: "KEY", 28: "AAAA", 29: "LOC", 32: "NB", 33: "SRV", 35: "NAPTR", 37: "CERT", 39: "DNAME", 41: "OPT", 43: "DS",
    44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 61: "OPENPGPKEY", 64: "SVCB",
    65: "HTTPS", 99: "SPF", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY", 256: "URI", 257: "CAA",
}  # fmt: skip
DNS_OPERATIONS: Final = {
    0: "Standard query",
    1: "Inverse query",
    2: "Server status request",
    4: "Zone change notification",
    5: "Dynamic update",
    6: "DNS stateful operation",
}
DNS_ERRORS: Final = {
    1: "Format error",
    2: "Server failure",
    3: "No such name",
    4: "Not implemented",
    5: "Refused",
    6: "Name exists",
    7: "RRset exists",
    8: "RRset does not exist",
    9: "Not authoritative",
    10: "Name out of zone",
}
NETBIOS_OPERATIONS: Final = {
    0: "Name query",
    5: "Registration",
    6: "Release",
    7: "WACK",
    8: "Refresh",
    9: "Refresh",
}
TLS_RECORDS: Final = {
    0: "Continuation Data",
    20: "Change Cipher Spec",
    21: "Alert",
    23: "Application Data",
    24: "Heartbeat",
    25: "Connection ID",
}
TLS_HANDSHAKE_RECORD: Final = 22
TLS_HANDSHAKES: Final = {
    0: "Hello Request",
    1: "Client Hello",
    2: "Server Hello",
    3: "Hello Verify Request",
    4: "New Session Ticket",
    5: "End Of Early Data",
    6: "Hello Retry Request",
    8: "Encrypted Extensions",
    11: "Certificate",
    12: "Server Key Exchange",
    13: "Certificate Request",
    14: "Server Hello Done",
    15: "Certificate Verify",
    16: "Client Key Exchange",
    20: "Finished",
    22: "Certificate Status",
    24: "Key Update",
    255: "Encrypted Handshake Message",
}
DHCP_MESSAGES: Final = {
    1: "Discover", 2: "Offer", 3: "Request", 4: "Decline", 5: "ACK", 6: "NAK", 7: "Release", 8: "Inform",
    9: "Force Renew", 10: "Lease Query", 11: "Lease Unassigned", 12: "Lease Unknown", 13: "Lease Active",
}  # fmt: skip
DHCPV6_MESSAGES: Final = {
    1: "Solicit", 2: "Advertise", 3: "Request", 4: "Confirm", 5: "Renew", 6: "Rebind", 7: "Reply", 8: "Release",
    9: "Decline", 10: "Reconfigure", 11: "Information-request", 12: "Relay-forw", 13: "Relay-reply",
}  # fmt: skip
QUIC_PACKETS: Final = {
    0: "Protected Payload", 1: "Initial", 2: "0-RTT", 3: "Handshake", 4: "Retry", 5: "Version Negotiation",
}  # fmt: skip
NTP_MODES: Final = {
    0: "reserved", 1: "symmetric active", 2: "symmetric passive", 3: "client", 4: "server", 5: "broadcast",
    6: "control", 7: "private",
}  # fmt: skip
STUN_METHODS: Final = {
    0x001: "Binding", 0x003: "Allocate", 0x004: "Refresh", 0x006: "Send", 0x007: "Data", 0x008: "CreatePermission",
    0x009: "Channel-Bind", 0x00A: "Connect", 0x00B: "ConnectionBind", 0x00C: "ConnectionAttempt",
}  # fmt: skip
STUN_CLASSES: Final = ("Request", "Indication", "Success Response", "Error Response")
WIREGUARD_MESSAGES: Final = {
    1: "Handshake Initiation",
    2: "Handshake Response",
    3: "Cookie Reply",
    4: "Transport Data",
}
BGP_MESSAGES: Final = {1: "OPEN", 2: "UPDATE", 3: "NOTIFICATION", 4: "KEEPALIVE", 5: "ROUTE-REFRESH"}
MQTT_PACKETS: Final = {
    1: "Connect Command", 2: "Connect Ack", 3: "Publish Message", 4: "Publish Ack", 5: "Publish Received",
    6: "Publish Release", 7: "Publish Complete", 8: "Subscribe Request", 9: "Subscribe Ack", 10: "Unsubscribe Request",
    11: "Unsubscribe Ack", 12: "Ping Request", 13: "Ping Response", 14: "Disconnect Req", 15: "Authentication Exchange",
}  # fmt: skip
SMB2_COMMANDS: Final = (
    "Negotiate Protocol", "Session Setup", "Session Logoff", "Tree Connect", "Tree Disconnect", "Create", "Close",
    "Flush", "Read", "Write", "Lock", "Ioctl", "Cancel", "KeepAlive", "Find", "Notify", "GetInfo", "SetInfo", "Break",
)  # fmt: skip
SMB1_COMMANDS: Final = {
    0x04: "Close", 0x24: "Locking AndX", 0x25: "Trans", 0x2B: "Echo", 0x2E: "Read AndX", 0x2F: "Write AndX",
    0x32: "Trans2", 0x71: "Tree Disconnect", 0x72: "Negotiate Protocol", 0x73: "Session Setup AndX",
    0x74: "Logoff AndX", 0x75: "Tree Connect AndX", 0xA0: "NT Trans", 0xA2: "NT Create AndX", 0xA4: "NT Cancel",
}  # fmt: skip
RTP_TYPES: Final = {
    0: "ITU-T G.711 PCMU", 3: "GSM 06.10", 4: "ITU-T G.723", 8: "ITU-T G.711 PCMA", 9: "ITU-T G.722",
    13: "Comfort noise", 18: "ITU-T G.729", 26: "JPEG-compressed video", 31: "ITU-T H.261", 32: "MPEG-I/II Video",
    33: "MPEG-II transport streams", 34: "ITU-T H.263",
}  # fmt: skip
RTCP_TYPES: Final = {
    200: "Sender Report", 201: "Receiver Report", 202: "Source description", 203: "Goodbye",
    204: "Application specific", 205: "Generic RTP Feedback", 206: "Payload-specific Feedback",
    207: "Extended report (RFC 3611)",
}  # fmt: skip
ICMP_TYPES: Final = {
    0: "Echo (ping) reply", 3: "Destination unreachable", 4: "Source quench", 5: "Redirect", 8: "Echo (ping) request",
    9: "Router advertisement", 10: "Router solicitation", 11: "Time-to-live exceeded", 12: "Parameter problem",
    13: "Timestamp request", 14: "Timestamp reply", 15: "Information request", 16: "Information reply",
    17: "Address mask request", 18: "Address mask reply", 42: "Extended Echo request", 43: "Extended Echo reply",
}  # fmt: skip
ICMP_CODES: Final = {
    (3, 0): "Network unreachable", (3, 1): "Host unreachable", (3, 2): "Protocol unreachable",
    (3, 3): "Port unreachable", (3, 4): "Fragmentation needed", (3, 5): "Source route failed",
    (3, 6): "Destination network unknown", (3, 7): "Destination host unknown",
    (3, 9): "Network administratively prohibited", (3, 10): "Host administratively prohibited",
    (3, 13): "Communication administratively filtered", (5, 0): "Redirect for network", (5, 1): "Redirect for host",
    (11, 0): "Time to live exceeded in transit", (11, 1): "Fragment reassembly time exceeded",
}  # fmt: skip
ICMPV6_TYPES: Final = {
    1: "Destination Unreachable", 2: "Packet Too Big", 3: "Time Exceeded", 4: "Parameter Problem",
    128: "Echo (ping) request", 129: "Echo (ping) reply", 130: "Multicast Listener Query",
    131: "Multicast Listener Report", 132: "Multicast Listener Done", 133: "Router Solicitation",
    134: "Router Advertisement", 135: "Neighbor Solicitation", 136: "Neighbor Advertisement", 137: "Redirect",
    138: "Router Renumbering", 139: "Node Information Query", 140: "Node Information Reply",
    143: "Multicast Listener Report Message v2", 155: "RPL Control", 160: "Extended Echo Request",
    161: "Extended Echo Reply", 151: "Multicast Router Advertisement",
    152: "Multicast Router Solicitation", 153: "Multicast Router Termination",
}  # fmt: skip
ICMPV6_CODES: Final = {
    (1, 0): "no route to destination", (1, 1): "Administratively prohibited", (1, 2): "Beyond scope of source address",
    (1, 3): "Address unreachable", (1, 4): "Port unreachable", (3, 0): "hop limit exceeded in transit",
    (3, 1): "fragment reassembly time exceeded",
}  # fmt: skip
MODBUS_FUNCTIONS: Final = {
    1: "Read Coils", 2: "Read Discrete Inputs", 3: "Read Holding Registers", 4: "Read Input Registers",
    5: "Write Single Coil", 6: "Write Single Register", 7: "Read Exception Status", 8: "Diagnostics",
    11: "Get Comm. Event Counters", 15: "Write Multiple Coils", 16: "Write Multiple Registers",
    17: "Report Slave ID", 20: "Read File Record", 21: "Write File Record", 22: "Mask Write Register",
    23: "Read Write Register", 43: "Encapsulated Interface Transport", 90: "Unity (Schneider)",
}  # fmt: skip
SNMP_MESSAGES: Final = {
    0x04: "encryptedPDU", 0xA0: "get-request", 0xA1: "get-next-request", 0xA2: "get-response", 0xA3: "set-request",
    0xA4: "trap", 0xA5: "getBulkRequest", 0xA6: "informRequest", 0xA7: "snmpV2-trap", 0xA8: "report",
}  # fmt: skip
LDAP_MESSAGES: Final = {
    0x60: "bindRequest", 0x61: "bindResponse", 0x42: "unbindRequest", 0x63: "searchRequest", 0x64: "searchResEntry",
    0x65: "searchResDone", 0x66: "modifyRequest", 0x67: "modifyResponse", 0x68: "addRequest", 0x69: "addResponse",
    0x4A: "delRequest", 0x6B: "delResponse", 0x6C: "modDNRequest", 0x6D: "modDNResponse", 0x6E: "compareRequest",
    0x6F: "compareResponse", 0x50: "abandonRequest", 0x73: "searchResRef", 0x77: "extendedReq", 0x78: "extendedResp",
}  # fmt: skip
KERBEROS_MESSAGES: Final = {
    10: "AS-REQ", 11: "AS-REP", 12: "TGS-REQ", 13: "TGS-REP", 14: "AP-REQ", 15: "AP-REP", 20: "KRB-SAFE",
    21: "KRB-PRIV", 22: "KRB-CRED", 30: "KRB Error",
}  # fmt: skip
COTP_MESSAGES: Final = {
    0xE0: "Connect Request",
    0xD0: "Connect Confirm",
    0xF0: "Data",
    0x80: "Disconnect Request",
}
OSPF_MESSAGES: Final = {
    1: "Hello Packet",
    2: "DB Description",
    3: "LS Request",
    4: "LS Update",
    5: "LS Acknowledge",
}
PIM_MESSAGES: Final = {
    0: "Hello", 1: "Register", 2: "Register-stop", 3: "Join/Prune", 4: "Bootstrap", 5: "Assert", 6: "Graft",
    7: "Graft-Ack", 8: "Candidate-RP-Advertisement", 9: "State-Refresh", 10: "DF election",
}  # fmt: skip
EIGRP_MESSAGES: Final = {
    1: "Update",
    2: "Request",
    3: "Query",
    4: "Reply",
    5: "Hello",
    10: "SIA-Query",
    11: "SIA-Reply",
}
TFTP_MESSAGES: Final = {
    1: "Read Request, File: ", 2: "Write Request, File: ", 3: "Data Packet, Block: ", 4: "Acknowledgement, Block: ",
    5: "Error Code", 6: "Option Acknowledgement",
}  # fmt: skip
RADIUS_MESSAGES: Final = {
    1: "Access-Request", 2: "Access-Accept", 3: "Access-Reject", 4: "Accounting-Request", 5: "Accounting-Response",
    11: "Access-Challenge", 12: "Status-Server", 40: "Disconnect-Request", 41: "Disconnect-ACK", 42: "Disconnect-NAK",
    43: "CoA-Request", 44: "CoA-ACK", 45: "CoA-NAK",
}  # fmt: skip
TLS_VERSIONS: Final = {
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
}
NEXT_PROTOCOLS: Final = (
    "", "h2", "http/1.1", "h3", "dot", "doq", "imap", "pop3", "ftp", "xmpp-client", "stun.turn",
)  # fmt: skip
"""In the order in which `decode.applications.tls` counts them."""
SSH_MESSAGES: Final = {
    20: "Key Exchange Init", 21: "New Keys", 30: "Diffie-Hellman Key Exchange Init", 31: "Diffie-Hellman Key Exchange Reply",
    32: "Group Exchange Init", 33: "Group Exchange Reply", 34: "Group Exchange Request",
}  # fmt: skip
HTTP2_FRAMES: Final = (
    "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION",
)  # fmt: skip
IGMP_TYPES: Final = {
    0x11: "Membership Query", 0x12: "Membership Report", 0x16: "Membership Report", 0x17: "Leave Group",
    0x22: "Membership Report", 0x13: "DVMRP", 0x14: "PIMv1", 0x1E: "Traceroute Response", 0x1F: "Traceroute Query/Request",
}  # fmt: skip
_FLAGS: Final = tuple((int(flag), str(flag.name)) for flag in TcpFlag)


@cache
def tcp_flags(flags: int) -> str:
    """`SYN, ACK` of the 12 bits."""
    names = [name for flag, name in _FLAGS if flags & flag]
    return ", ".join([*names, *(["Reserved"] if flags & 0xE00 else [])]) or "<None>"


_NOTES: Final = (
    (TcpNote.PREVIOUS_NOT_CAPTURED, "TCP Previous segment not captured"),
    (TcpNote.ACKED_UNSEEN, "TCP ACKed unseen segment"),
    (TcpNote.OUT_OF_ORDER, "TCP Out-Of-Order"),
    (TcpNote.RETRANSMISSION, "TCP Retransmission"),
    (TcpNote.FAST_RETRANSMISSION, "TCP Fast Retransmission"),
    (TcpNote.SPURIOUS_RETRANSMISSION, "TCP Spurious Retransmission"),
    (TcpNote.KEEP_ALIVE, "TCP Keep-Alive"),
    (TcpNote.KEEP_ALIVE_ACK, "TCP Keep-Alive ACK"),
    (TcpNote.DUPLICATE_ACK, "TCP Dup ACK"),
    (TcpNote.ZERO_WINDOW_PROBE, "TCP ZeroWindowProbe"),
    (TcpNote.ZERO_WINDOW_PROBE_ACK, "TCP ZeroWindowProbeAck"),
    (TcpNote.ZERO_WINDOW, "TCP ZeroWindow"),
    (TcpNote.WINDOW_UPDATE, "TCP Window Update"),
    (TcpNote.PORT_REUSED, "TCP Port numbers reused"),
)


@cache
def tcp_notes(notes: int) -> str:
    """`[TCP Retransmission] ` of the bits of `TcpNote`."""
    return "".join(f"[{text}] " for note, text in _NOTES if notes & note)


def tls_record(code: int) -> str:
    """`Client Hello` of record type << 8 | handshake type."""
    record, handshake = code >> 8, code & 0xFF
    if record == TLS_HANDSHAKE_RECORD:
        return TLS_HANDSHAKES.get(handshake, "Handshake")
    return TLS_RECORDS.get(record, "Record")


def http2_frame(key: int) -> str:
    """`HEADERS[1]` of frame type + 1 << 12 | stream; empty for 0."""
    kind, stream = key >> 12, key & 0xFFF
    if not 0 < kind <= len(HTTP2_FRAMES):
        return ""
    return f"{HTTP2_FRAMES[kind - 1]}[{stream if stream < 0xFFF else '…'}]"


def ip_protocol(number: int) -> str:
    """`UDP 17` of an IANA protocol number."""
    try:
        return f"{IpProtocol(number).name} {number}"
    except ValueError:
        return str(number)


def typed(words: dict[int, str], codes: dict[tuple[int, int], str], key: int) -> str:
    """Words of `type << 8 | code`."""
    kind, code = key >> 8, key & 0xFF
    name = words.get(kind, f"Type {kind}")
    detail = codes.get((kind, code))
    if detail is None and code and kind in {kind for kind, _ in codes}:
        detail = f"Code {code}"
    return f"{name} ({detail})" if detail else name
