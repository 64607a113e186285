"""Protocols with a short signature: the real one beside one that is off by a byte."""

from __future__ import annotations

import pytest

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol

STUN = bytes.fromhex("000100002112a4424133516369344e75724f4b41")
SMB2 = bytes.fromhex(
    "00000048fe534d4240000100030100000f0001000300000000000000a90f00000000000015000003000000001d00000000280000"
    "000000000000000000000000000000000900000000000000"
)
BGP = b"\xff" * 16 + bytes.fromhex("001304")
WIREGUARD = bytes.fromhex("0400000002ca1a000000000000000000d12023bdc5c98e1e1d4271f54d54139c")
RTP = bytes.fromhex("800d03c70002477017d901344c")
RTCP = bytes.fromhex("80c80006") + bytes(24)
IKE_NAT = bytes.fromhex("000000001111111111111111222222222222222200100200000000000000001c")


@pytest.mark.parametrize(
    ("transport", "ports", "payload", "protocol", "code", "kind"),
    [
        (UDP, (42759, 80), STUN, Protocol.STUN, 0, 1),
        (TCP, (42759, 3480), STUN, Protocol.STUN, 0, 1),
        (TCP, (445, 50000), SMB2, Protocol.SMB2, 15, 0),
        (TCP, (445, 50000), SMB2[:4] + b"\xffSMB\x72" + SMB2[9:], Protocol.SMB, 0x72, 0),
        (TCP, (445, 50000), b"\x85\0\0\0", Protocol.NBSS, 0, 0),
        (UDP, (138, 138), b"\x11\x02", Protocol.NBDS, 0, 0),
        (TCP, (50000, 40000), BGP, Protocol.BGP, 4, 0),
        (TCP, (50000, 179), b"\x01\x02", Protocol.BGP, 0, 0),
        (UDP, (50000, 51820), WIREGUARD, Protocol.WIREGUARD, 4, 0),
        (UDP, (50000, 51820), b"\x01\0\0\0" + bytes(144), Protocol.WIREGUARD, 1, 0),
        (UDP, (16756, 15580), RTP, Protocol.RTP, 0, 13),
        (UDP, (16757, 15581), RTCP, Protocol.RTCP, 0, 200),
        (UDP, (50000, 4500), IKE_NAT, Protocol.ISAKMP, 0, 0),
        (UDP, (50000, 500), IKE_NAT[4:], Protocol.ISAKMP, 0, 0),
        (UDP, (4500, 4500), b"\x12\x34\x56\x78" + bytes(60), Protocol.ESP, 0, 0),
        (TCP, (50000, 40000), b"\x13BitTorrent protocol" + bytes(48), Protocol.BITTORRENT, 0, 0),
        (UDP, (50000, 40000), b"d1:ad2:id20:" + bytes(20), Protocol.BT_DHT, 0, 0),
        (TCP, (50000, 40000), b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", Protocol.MQTT, 1, 0),
        (TCP, (1883, 50000), b"\xd0\x00", Protocol.MQTT, 13, 0),
        (UDP, (5060, 5060), b"OPTIONS sip:a@example.com SIP/2.0\r\n", Protocol.SIP, 0, 0),
        (TCP, (5060, 40000), b"SIP/2.0 486 Busy Here\r\n", Protocol.SIP, 486, 0),
        (TCP, (50000, 40000), b"GET_PARAMETER rtsp://192.0.2.1/ RTSP/1.0\r\n", Protocol.RTSP, 0, 0),
        (TCP, (20000, 50000), b"\x05\x64\x05\xc0", Protocol.DNP3, 0, 0),
    ],
)
def test_the_signature_is_recognised(
    transport: Protocol, ports: tuple[int, int], payload: bytes, protocol: Protocol, code: int, kind: int
) -> None:
    """A real first message has its protocol, code and type."""
    found = find(transport, *ports, payload)
    assert (found.protocol, found.code, found.type) == (protocol, code, kind)


@pytest.mark.parametrize(
    ("transport", "ports", "payload"),
    [
        (UDP, (42759, 81), STUN[:4] + b"\x21\x12\xa4\x43" + STUN[8:]),
        (TCP, (4450, 50000), SMB2[:5] + b"SMC" + SMB2[8:]),
        (TCP, (50000, 40000), b"\xff" * 15 + b"\xfe\x00\x13\x04"),
        (UDP, (50000, 51820), WIREGUARD[:-1]),
        (UDP, (50000, 51820), b"\x01\0\0\0" + bytes(143)),
        (UDP, (16756, 15581), RTP),
        (UDP, (16756, 15580), b"\x80\x78" + RTP[2:]),
        (UDP, (16757, 15581), RTCP[:20]),
        (UDP, (50000, 4500), b"\xff"),
        (TCP, (50000, 40000), b"\x13BitTorment protocol" + bytes(48)),
        (TCP, (50000, 40000), b"\x10\x0c\x00\x04MQTZ\x04\x02\x00\x3c\x00\x00"),
        (UDP, (5070, 5071), b"OPTIONS tip:a@example.com SIP/2.0\r\n"),
        (TCP, (20000, 50000), b"\x05\x65\x05\xc0"),
    ],
)
def test_a_byte_off_is_not(transport: Protocol, ports: tuple[int, int], payload: bytes) -> None:
    """The same message with one byte wrong, missing, or between the wrong ports stays its transport's."""
    assert find(transport, *ports, payload).protocol == transport
