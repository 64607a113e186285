"""The layer tree of one packet."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import wire
from trafficdesk.capture.source import Frame
from trafficdesk.decode.dissect import DISSECTED_BYTES, DissectedLayer, dissect
from trafficdesk.packets.protocol import LinkType

DHCP = bytes.fromhex("0101060012345678") + bytes(228) + bytes.fromhex("638253633501010c0874657374686f7374ff")
SIP = b"OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\nbody"
CLIENT_HELLO = bytes.fromhex(
    "16030100400100003c0303" + "00" * 32 + "000002c02f01000011" + "0000000d000b000008746573742e636f6d"
)


def _dissect(frame: bytes, link_type: int = LinkType.ETHERNET) -> tuple[DissectedLayer, ...]:
    return dissect(Frame(frame, 0, len(frame), link_type))


def _udp(source: int, destination: int, payload: bytes) -> bytes:
    header = struct.pack(">HHHH", source, destination, 8 + len(payload), 0)
    return wire.ethernet(0x0800, wire.ipv4(17, header + payload))


def _values(layer: DissectedLayer) -> dict[str, str]:
    return {field.name: field.value for field in layer.fields}


def _check(layers: tuple[DissectedLayer, ...], size: int) -> None:
    """Layers cover the frame in order, fields lie within it, everything is printable and bounded."""
    at = 0
    for layer in layers:
        assert at <= layer.start <= layer.stop <= size
        at = layer.stop
        assert layer.name.isprintable()
        assert layer.summary.isprintable()
        for field in layer.fields:
            assert 0 <= field.start <= field.stop <= size
            assert field.name.isprintable()
            assert field.value.isprintable()
            assert len(field.value) <= 500
    assert not size or at == size


def test_headers_are_named_with_values_and_places() -> None:
    """Each header is a layer at its bytes; fixed fields have their own bytes, bit fields those they lie in."""
    layers = _dissect(wire.TCP_SYN)
    assert [(layer.name, layer.start, layer.stop) for layer in layers] == [
        ("Ethernet II", 0, 14),
        ("Internet Protocol Version 4", 14, 34),
        ("Transmission Control Protocol", 34, 74),
    ]
    assert layers[1].summary == "192.0.2.1 → 192.0.2.2"
    internet = {field.name: field for field in layers[1].fields}
    assert internet["Total length"].value == "60"
    assert (internet["Total length"].start, internet["Total length"].stop) == (16, 18)
    assert (internet["Version"].start, internet["Version"].stop) == (14, 15)
    transport = _values(layers[2])
    assert transport["Destination port"].startswith("8080")
    assert transport["Flags"] == "SYN (0x002)"
    assert transport["Header length"] == "40 bytes (10)"


@pytest.mark.parametrize("name", sorted(wire.CAPTURED))
def test_every_captured_frame_is_covered(name: str) -> None:
    """Real frames of all kinds are covered from the first byte to the last without a malformed layer."""
    layers = _dissect(wire.CAPTURED[name])
    _check(layers, len(wire.CAPTURED[name]))
    assert "Malformed" not in {layer.name for layer in layers}


def test_bytes_without_a_protocol_are_shown_whatever_they_are() -> None:
    """Text as text, and zeros, which would be no text at all, as digits."""
    for payload, shown in ((bytes(6), "00 00 00 00 00 00"), (b"hello\0\0", "hello")):
        assert list(_values(_dissect(_udp(40_000, 40_001, payload))[-1]).values()) == [shown]


def test_dns_shows_its_question() -> None:
    """Records of a list are shown one by one."""
    layers = _dissect(wire.DNS_QUERY)
    assert layers[-1].name == "Domain Name System"
    assert _values(layers[-1])["Question 1"].startswith("Name: example.com.")
    elsewhere = _dissect(_udp(50000, 5355, wire.DNS_QUERY[42:]))
    assert elsewhere[-1].name.startswith("Link-Local Multicast Name Resolution")


def test_readable_protocols_are_shown_line_by_line() -> None:
    """HTTP and its relatives give a field per header line, at its bytes, and the body as data."""
    http = _dissect(wire.HTTP_GET)[-1]
    assert (http.name, http.summary) == ("Hypertext Transfer Protocol", "GET / HTTP/1.1")
    assert _values(http)["Host"] == "example.com"
    sip = _dissect(_udp(5060, 5060, SIP))[-1]
    assert _values(sip) == {
        "Line": SIP.split(b"\r\n")[0].decode(),
        "Via": "SIP/2.0/UDP 192.0.2.1",
        "Data": "body",
    }
    via = sip.fields[1]
    assert _udp(5060, 5060, SIP)[via.start : via.stop] == b"Via: SIP/2.0/UDP 192.0.2.1\r\n"


def test_dhcp_has_its_options() -> None:
    """Zero-filled fields are not shown as a row of zeros; options are words."""
    layers = _dissect(_udp(68, 67, DHCP))
    assert [layer.name for layer in layers[-2:]] == [
        "Bootstrap Protocol",
        "Dynamic Host Configuration Protocol",
    ]
    assert _values(layers[-2])["Server name"] == ""
    assert "testhost" in _values(layers[-1])["Options"]


def test_tls_is_read_on_any_port() -> None:
    """What was recognised by its payload is dissected as such, whatever its port."""
    pytest.importorskip("cryptography", reason="scapy reads TLS with it")
    frame = wire.ethernet(0x0800, wire.ipv4(6, wire.tcp(CLIENT_HELLO)))
    layers = _dissect(frame)
    assert layers[3].name == "Transport Layer Security"
    assert any("test.com" in field.value for field in layers[3].fields)


def test_recognised_protocols_without_dissector_are_named() -> None:
    """WireGuard has no dissector: its bytes are shown under its name."""
    layers = _dissect(_udp(50000, 51820, b"\x04\0\0\0" + bytes(28)))
    assert (layers[-1].name, layers[-1].summary) == ("WireGuard data", "32 bytes")


@pytest.mark.parametrize(
    ("link_type", "frame", "first"),
    [
        (LinkType.RAW, wire.ipv4(17, wire.udp(b"x")), "Internet Protocol Version 4"),
        (LinkType.RAW, wire.ipv6(17, wire.udp(b"x")), "Internet Protocol Version 6"),
        (LinkType.IPV6, wire.ipv6(17, wire.udp(b"x")), "Internet Protocol Version 6"),
        (LinkType.NULL, b"\x02\0\0\0" + wire.ipv4(17, wire.udp(b"x")), "Null / loopback"),
        (LinkType.LINUX_SLL, wire.SLL_ARP, "Linux cooked capture v1"),
        (LinkType.LINUX_SLL2, wire.SLL2_UDP_6, "Linux cooked capture v2"),
        (LinkType.PPP, b"\x00\x21" + wire.ipv4(17, wire.udp(b"x")), "Point-to-Point Protocol"),
        (147, b"\x80\0" + bytes(30), "Payload data"),
    ],
)
def test_the_first_layer_follows_the_link_type(link_type: int, frame: bytes, first: str) -> None:
    """Every link type we decode has its first layer; another one is plain data."""
    layers = _dissect(frame, link_type)
    assert layers[0].name == first
    _check(layers, len(frame))


def test_an_impossible_message_ends_as_malformed() -> None:
    """A frame too short for its header is shown as far as it goes and then named malformed."""
    layers = _dissect(wire.DNS_QUERY[:20])
    assert layers[0].name == "Ethernet II"
    assert layers[-1].name == "Malformed"
    _check(layers, 20)


def test_what_the_capture_cut_is_not_malformed() -> None:
    """A frame that was longer on the wire ends as truncated."""
    layers = dissect(Frame(wire.DNS_QUERY[:20], 0, len(wire.DNS_QUERY), LinkType.ETHERNET))
    assert layers[-1].name == "Truncated"


def test_a_nest_of_headers_is_bounded() -> None:
    """Thousands of stacked VLAN tags neither exhaust the stack nor the pane."""
    frame = wire.MAC_2 + wire.MAC_1 + bytes.fromhex("81000001") * 4000 + b"\x08\x00"
    layers = _dissect(frame)
    assert len(layers) <= 64


def test_a_huge_frame_is_dissected_in_part() -> None:
    """What lies beyond the bound is shown as data that was not dissected."""
    frame = _udp(50000, 50001, b"x" * 60_000)
    layers = _dissect(frame)
    assert (layers[-1].start, layers[-1].stop) == (DISSECTED_BYTES, len(frame))
    _check(layers, len(frame))


def test_an_empty_frame_has_no_layers() -> None:
    """Nothing captured, nothing shown."""
    assert _dissect(b"") == ()


FRAMES = [
    *wire.CAPTURED.values(),
    _udp(68, 67, DHCP),
    _udp(123, 123, bytes(48)),
    _udp(161, 161, b"\x30\x26" + bytes(38)),
]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(FRAMES), st.data())
def test_damaged_frames_never_raise(frame: bytes, data: st.DataObject) -> None:
    """Cut and altered frames are shown as far as they can be read."""
    damaged = bytearray(frame[: data.draw(st.integers(1, len(frame)))])
    for _ in range(data.draw(st.integers(0, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    _check(_dissect(bytes(damaged)), len(damaged))


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.sampled_from([*LinkType, 65535]))
def test_any_bytes_of_any_link_type_are_taken(frame: bytes, link_type: int) -> None:
    """Random bytes give a tree that covers them."""
    _check(_dissect(frame, int(link_type)), len(frame))
