"""`decode.answers`: which names frames tell, and that no frame can do harm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.named import (
    CLIENT,
    RESOLVER,
    SERVER,
    answer,
    batch_of,
    dhcp_request,
    multicast_answer,
    over_ip,
    udp,
)
from trafficdesk.packets.address import address_text
from trafficdesk.packets.identities import NameSource


def told(*frames: bytes) -> list[tuple[int, str, str, str, str]]:
    """(packet_id, client, address, name, source) of all evidence."""
    names = batch_of(*frames, first_id=100).names
    if names is None:
        return []
    return [
        (int(packet_id), address_text(client.tobytes()), address_text(address.tobytes()), name,
         NameSource(int(source)).words)
        for packet_id, client, address, name, source in zip(
            names.packet_ids, names.clients, names.addresses, names.names, names.sources, strict=True
        )
    ]  # fmt: skip


def test_an_answer_names_its_addresses() -> None:
    """A and AAAA records, each; the client is who was told."""
    frame = answer("Example.com", ("example.com", SERVER), ("example.com", "2001:db8::80"))
    assert told(udp(CLIENT, SERVER), frame) == [
        (101, CLIENT, SERVER, "example.com", "DNS answer"),
        (101, CLIENT, "2001:db8::80", "example.com", "DNS answer"),
    ]


def test_aliases_lead_to_the_name_that_was_asked() -> None:
    """A chain of CNAMEs names the address after what the program asked for."""
    frame = answer(
        "www.shop.example",
        ("www.shop.example", "shop.cdn.example"),
        ("shop.cdn.example", "edge-7.cdn.example"),
        ("edge-7.cdn.example", SERVER),
    )
    assert told(frame) == [(100, CLIENT, SERVER, "www.shop.example", "DNS answer")]


def test_questions_and_failures_name_nothing() -> None:
    """Only an answer without error has addresses."""
    refused = answer("a.example", ("a.example", SERVER), rcode=3)
    empty = answer("a.example")
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import UDP

    question = over_ip(CLIENT, RESOLVER, UDP(sport=40_000, dport=53) / DNS(qd=DNSQR(qname="a.example")))
    assert told(refused, empty, question) == []


def test_multicast_names_the_local_domain_alone() -> None:
    """A neighbour may say what it is called, not what the Internet's hosts are."""
    frame = multicast_answer(
        ("printer.local", "192.168.1.40"), ("bank.example", "192.168.1.41"), ("tv.local", SERVER)
    )
    assert told(frame) == [(100, "224.0.0.251", "192.168.1.40", "printer.local", "mDNS")]


def test_dhcp_names_the_address_asked_for() -> None:
    """A client's host name, for an address of a private network alone."""
    assert told(dhcp_request("laptop", "192.168.1.23")) == [
        (100, "255.255.255.255", "192.168.1.23", "laptop", "DHCP")
    ]
    assert told(dhcp_request("bank.example", SERVER)) == []


def test_evidence_comes_in_the_order_of_the_packets() -> None:
    """Whatever its kind."""
    frames = (
        dhcp_request("laptop", "192.168.1.23"),
        answer("a.example", ("a.example", SERVER)),
        multicast_answer(("printer.local", "192.168.1.40")),
        dhcp_request("phone", "192.168.1.24"),
    )
    assert [one[0] for one in told(*frames)] == [100, 101, 102, 103]


def test_a_pointer_to_itself_ends() -> None:
    """Compression loops cost a bounded number of steps and name nothing."""
    loop = (
        bytes.fromhex("000084000000000100000000")
        + b"\xc0\x0c"
        + bytes.fromhex("000100010000003c0004c0000201")
    )
    assert told(udp("192.168.1.40", "224.0.0.251", (5353, 5353), loop)) == []


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_a_cut_answer_names_what_is_there(cut: int) -> None:
    """Records beyond the captured end are not guessed."""
    whole = answer("example.com", ("example.com", SERVER), ("example.com", "203.0.113.81"))
    found = told(whole[:-cut])
    assert set(found) <= set(told(whole))
    assert len(found) < 2


@given(st.binary(max_size=300), st.sampled_from([53, 5353, 5355]))
def test_any_message_is_survived(tail: bytes, port: int) -> None:
    """Whatever follows a response's header: no exception, and only whole addresses."""
    message = bytes.fromhex("000081800001000400040004") + tail
    for frame in (
        udp("192.168.1.40", CLIENT, (port, 40_000), message),
        udp("192.168.1.40", "224.0.0.251", (port, port), message),
    ):
        names = batch_of(frame).names
        assert names is None or all(names.names)


def test_many_at_once_are_the_same_as_each_alone() -> None:
    """Messages of a batch don't touch each other."""
    frames = [
        answer(f"host-{number}.example", (f"host-{number}.example", f"203.0.113.{number}"))
        for number in range(1, 60)
    ]
    frames += [multicast_answer((f"thing-{number}.local", f"192.168.7.{number}")) for number in range(1, 30)]
    rng = np.random.default_rng(3)
    mixed = [frames[index] for index in rng.permutation(len(frames))]
    alone = [(number + 100, *told(frame)[0][1:]) for number, frame in enumerate(mixed)]
    assert told(*mixed) == alone
