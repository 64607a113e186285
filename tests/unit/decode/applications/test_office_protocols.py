"""Messages of directories, managed devices, factories and file servers, and the lines they get."""

from __future__ import annotations

import pytest

from tests.helpers import wire
from trafficdesk.decode import decode
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.protocol import Protocol, Status

HERE, THERE = "192.0.2.1", "192.0.2.2"


def over_udp(port: int, payload: bytes) -> bytes:
    """A datagram to `port`."""
    return wire.between(HERE, THERE, 17, wire.udp(payload, 40_000, port))


def over_tcp(port: int, payload: bytes) -> bytes:
    """A segment to `port`."""
    return wire.between(HERE, THERE, 6, wire.segment((40_000, port), (1, 1), 0x18, 500, payload))


GET = b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19"
V3 = b"\x30\x82\x01\x40\x02\x01\x03\x30\x0d" + bytes(13) + b"\x04\x81\x84" + bytes(132)
BIND = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03"
MESSAGES = [
    (over_udp(161, GET + bytes(25)), Protocol.SNMP, "get-request, community public"),
    (
        over_udp(161, b"\x30\x81\x26\x02\x01\x01\x04\x06public\xa7\x19"),
        Protocol.SNMP,
        "snmpV2-trap, community public",
    ),
    (over_udp(161, b"\x30\x10\x02\x01\x03" + bytes(11)), Protocol.SNMP, "SNMP message"),
    (over_udp(161, V3 + b"\x30\x12\x04\x03abc\x04\x00\xa0\x09" + bytes(9)), Protocol.SNMP, "get-request"),
    (over_udp(161, V3 + b"\x04\x81\x90" + bytes(144)), Protocol.SNMP, "encryptedPDU"),
    (over_udp(67, b"\x01" + bytes(299)), Protocol.DHCP, "Boot Request"),
    (over_udp(67, b"\x02" + bytes(299)), Protocol.DHCP, "Boot Reply"),
    (over_tcp(22, b"\0\0\0\x0c\x0a\x15" + bytes(10)), Protocol.SSH, "Client: New Keys"),
    (over_tcp(22, b"\x9c" * 52), Protocol.SSH, "Client: Encrypted packet (len=52)"),
    (over_tcp(389, BIND + bytes(4)), Protocol.LDAP, "bindRequest"),
    (over_tcp(389, b"\x30\x84\0\0\0\x07\x02\x01\x02\x42\0"), Protocol.LDAP, "unbindRequest"),
    (over_udp(88, b"\x6a\x10" + bytes(16)), Protocol.KERBEROS, "AS-REQ"),
    (over_tcp(88, b"\0\0\0\x12\x7e\x10" + bytes(16)), Protocol.KERBEROS, "KRB Error"),
    (
        over_tcp(502, b"\0\x01\0\0\0\x06\x09\x03\0\0\0\x01"),
        Protocol.MODBUS,
        "Query: Unit 9, Func 3: Read Holding Registers",
    ),
    (
        over_tcp(502, b"\0\x01\0\0\0\x03\x09\x86\x02"),
        Protocol.MODBUS,
        "Query: Unit 9, Func 6: Write Single Register, Exception",
    ),
    (over_udp(69, b"\0\x01boot.img\0octet\0"), Protocol.TFTP, "Read Request, File: boot.img"),
    (over_udp(1812, b"\x01\x07" + bytes(18)), Protocol.RADIUS, "Access-Request id=7"),
    (over_tcp(3389, b"\x03\0\0\x13\x0e\xe0" + bytes(13)), Protocol.RDP, "Connect Request, Len=19"),
    (over_tcp(102, b"\x03\0\0\x16\x11\xe0" + bytes(16)), Protocol.COTP, "40000 → 102 Len=22"),
    (over_tcp(102, b"\x03\0\0\x19\x02\xf0\x80\x32" + bytes(17)), Protocol.S7COMM, "40000 → 102 Len=25"),
    (over_tcp(135, b"\x05\0\x0b\x03\x10\0\0\0\x48\0" + bytes(62)), Protocol.DCERPC, "40000 → 135 Len=72"),
]


@pytest.mark.parametrize(("frame", "protocol", "line"), MESSAGES, ids=[line for _, _, line in MESSAGES])
def test_each_message_is_named_and_worded(frame: bytes, protocol: Protocol, line: str) -> None:
    """The protocol's name and the kind of message, as a person looks for it."""
    batch = decode(wire.block_of(frame))
    assert batch["protocol"].tolist() == [protocol]
    assert info_texts(batch).tolist() == [line]


@pytest.mark.parametrize(("frame", "_protocol", "_line"), MESSAGES, ids=[line for _, _, line in MESSAGES])
def test_messages_cut_anywhere_have_a_line(frame: bytes, _protocol: Protocol, _line: str) -> None:
    """Lengths that lead beyond the captured end read as nothing."""
    batch = decode(wire.block_of(*(frame[:size] for size in range(14, len(frame)))))
    assert all(line.isprintable() for line in info_texts(batch))
    assert (batch["status"] != Status.COMPLETE).all()


def test_a_client_hello_tells_version_name_and_what_it_would_speak() -> None:
    """Version, server name and first ALPN protocol of a Client Hello stand in the line."""
    alpn = b"\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1"
    name = b"\0\0\0\x0d\0\x0b\0\0\x08test.com"
    extensions = alpn + name
    body = b"\x03\x03" + bytes(32) + b"\0\0\x02\xc0\x2f\x01\0" + len(extensions).to_bytes(2) + extensions
    hello = b"\x01" + len(body).to_bytes(3) + body
    frame = over_tcp(443, b"\x16\x03\x01" + len(hello).to_bytes(2) + hello)
    assert info_texts(decode(wire.block_of(frame))).tolist() == [
        "Client Hello (TLS 1.2, SNI=test.com, ALPN=h2)"
    ]
