"""DNS, mDNS, LLMNR and NetBIOS names from real messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.payloads import TCP, UDP, find
from trafficdesk.packets.protocol import Protocol, Status

QUERY = bytes.fromhex("1a2b01000001000000000000076578616d706c6503636f6d0000010001")
RESPONSE = bytes.fromhex(
    "8f278180000100010000000005736c61636b03636f6d0000010001c00c000100010000002300046356229c"
)
MDNS_RESPONSE = bytes.fromhex(
    "000084000001000100000000086d79646576696365056c6f63616c000001000108"
    "6d79646576696365056c6f63616c00000100010000007800040a010dc8"
)
LLMNR_QUERY = bytes.fromhex("605e0000000100000000000004777061640000010001")
NBNS_QUERY = bytes.fromhex(
    "892101100001000000000000204542464345434546454a4645464445484643464646414641454643414341424c0000200001"
)
HEADER = QUERY[:12]


def test_a_query_gives_name_type_and_identifier() -> None:
    """A query's transaction ID, flags, type and full name are told, with the first label's entropy."""
    found = find(UDP, 50000, 53, QUERY)
    assert (found.protocol, found.text) == (Protocol.DNS, b"example.com")
    assert (found.id, found.code, found.type, found.count) == (0x1A2B, 0x0100, 1, 0)
    assert found.entropy == pytest.approx(2.5216406)
    assert found.status == Status.COMPLETE


def test_a_response_counts_its_answers() -> None:
    """A response keeps the question's name and says how many answers came."""
    found = find(UDP, 53, 58155, RESPONSE)
    assert (found.text, found.count, found.code >> 15) == (b"slack.com", 1, 1)


def test_over_tcp_the_length_comes_first() -> None:
    """Over TCP the same message stands after its two length bytes; a segment without a header is no fault."""
    over_tcp = find(TCP, 50000, 53, len(QUERY).to_bytes(2, "big") + QUERY)
    assert (over_tcp.text, over_tcp.id) == (b"example.com", 0x1A2B)
    assert find(TCP, 50000, 53, b"\x00\x1d").status == Status.COMPLETE


def test_relatives_are_told_apart_by_port() -> None:
    """Multicast DNS, LLMNR and NetBIOS share the format and keep their own names."""
    assert find(UDP, 5353, 5353, MDNS_RESPONSE).text == b"mydevice.local"
    assert find(UDP, 5353, 5353, MDNS_RESPONSE).protocol == Protocol.MDNS
    assert find(UDP, 51458, 5355, LLMNR_QUERY).protocol == Protocol.LLMNR
    netbios = find(UDP, 137, 137, NBNS_QUERY)
    assert (netbios.protocol, netbios.text, netbios.type) == (Protocol.NBNS, b"ARBEITSGRUPPE<1b>", 32)


def test_case_does_not_change_the_hash() -> None:
    """Resolvers randomise case: the hash is of the lower-cased name, the text as it came."""
    mixed = find(UDP, 50000, 53, QUERY.replace(b"example", b"eXaMpLe"))
    assert mixed.text == b"eXaMpLe.com"
    assert mixed.name_hash == find(UDP, 50000, 53, QUERY).name_hash != 0
    assert mixed.name_hash != find(UDP, 50000, 53, QUERY.replace(b"example", b"examplf")).name_hash


def test_a_backward_pointer_is_followed_once_read() -> None:
    """A question that points back to an earlier name of the message reads on there; the type stands after the pointer."""
    first = HEADER[:5] + b"\x02" + HEADER[6:] + b"\x03com\x00\x00\x01\x00\x01"
    assert find(UDP, 50000, 53, first).text == b"com"
    pointing = HEADER + b"\x01a\xc0\x0c\x00\x1c\x00\x01"
    assert find(UDP, 50000, 53, pointing).status == Status.MALFORMED, "it points at itself, over and over"


@pytest.mark.parametrize(
    "name",
    [
        b"\xc0\x0c\x00\x01\x00\x01",
        b"\xc0\x20" + bytes(40),
        b"\x40abc\x00\x00\x01\x00\x01",
        b"\x3f" * 300,
        b"\x01a" * 200 + b"\x00\x00\x01\x00\x01",
        b"\x07exam",
    ],
    ids=[
        "self-pointer",
        "forward pointer",
        "reserved label type",
        "label over the end",
        "over 255 bytes",
        "cut",
    ],
)
def test_impossible_names_are_malformed(name: bytes) -> None:
    """A name no server could send is marked, bounded in length, and ends the reading."""
    found = find(UDP, 50000, 53, HEADER + name)
    assert found.status == Status.MALFORMED
    assert len(found.text) <= 255


def test_a_name_cut_by_the_capture_is_truncated() -> None:
    """What the snap length cut off is not the sender's fault."""
    assert find(UDP, 50000, 53, QUERY, cut=10).status == Status.TRUNCATED
    assert find(UDP, 50000, 53, QUERY, cut=len(QUERY) - 5).status == Status.TRUNCATED
    assert find(UDP, 50000, 53, QUERY[:5]).status == Status.MALFORMED


def test_the_longest_name_is_read_whole() -> None:
    """253 characters in labels of 63 are a valid name."""
    labels = b"".join(b"\x3f" + b"x" * 63 for _ in range(3)) + b"\x3d" + b"y" * 61
    found = find(UDP, 50000, 53, HEADER + labels + b"\x00\x00\x10\x00\x01")
    assert (len(found.text), found.type, found.status) == (253, 16, Status.COMPLETE)


def test_dnscrypt_on_443_is_dns_and_not_quic() -> None:
    """A datagram that is plainly DNS is so on a port other protocols use, and garbage there is not."""
    assert find(UDP, 50000, 443, QUERY).protocol == Protocol.DNS
    assert find(UDP, 50000, 443, b"\x01" * 40).protocol != Protocol.DNS


@settings(max_examples=60)
@given(st.binary(max_size=600), st.sampled_from([53, 137, 5353, 5355]))
def test_anything_can_follow_a_header(payload: bytes, port: int) -> None:
    """No bytes on a DNS port raise, nor give a text longer than a name."""
    assert len(find(UDP, 50000, port, HEADER + payload).text) <= 255
    find(UDP, 50000, port, payload)
    find(TCP, 50000, 53, payload)
