"""The list of applications as a whole: properties that every entry has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.payloads import TCP, UDP, Given, find, find_all, workspace_of
from trafficdesk.decode.applications import APPLICATIONS, recognise
from trafficdesk.packets.fields import COLUMN_NAMES
from trafficdesk.packets.protocol import PROTOCOL_NAMES, Protocol

if TYPE_CHECKING:
    from trafficdesk.decode.applications.application import Application

PORTS = sorted(
    {port for entry in APPLICATIONS for over in (entry.tcp, entry.udp) if over for port in over.ports}
    | {50000}
)
LEADS = sorted(
    {lead for entry in APPLICATIONS for over in (entry.tcp, entry.udp) if over for lead in over.leads}
)
PAYLOADS = st.builds(lambda lead, rest: lead + rest, st.sampled_from([b"", *LEADS]), st.binary(max_size=80))
ROWS = st.lists(
    st.builds(
        Given,
        st.sampled_from([TCP, UDP]),
        st.sampled_from(PORTS),
        st.sampled_from(PORTS),
        PAYLOADS,
        st.integers(0, 0),
    ),
    max_size=20,
)


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda entry: entry.protocol.name)
def test_every_application_can_be_found(application: Application) -> None:
    """Each has a name a person reads and a port or a signature over some transport; a test needs its leads."""
    assert PROTOCOL_NAMES[application.protocol]
    overs = [over for over in (application.tcp, application.udp) if over]
    assert overs
    for over in overs:
        assert over.ports or over.certain or over.likely
        assert bool(over.leads) == bool(over.certain or over.likely)
        assert all(1 <= len(lead) <= 2 for lead in over.leads)
        assert all(0 < port < 1 << 16 for port in over.ports)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_nothing_on_the_wire_raises_and_rows_do_not_mix(rows: list[Given]) -> None:
    """Any payloads between any ports are taken, and each gets what it would get alone."""
    assert find_all(*rows) == [find_all(row)[0] for row in rows]


@settings(max_examples=50, deadline=None)
@given(PAYLOADS, st.sampled_from(PORTS), st.sampled_from([TCP, UDP]), st.data())
def test_a_cut_never_shows_the_neighbours_bytes(
    payload: bytes, port: int, transport: Protocol, data: st.DataObject
) -> None:
    """What was not captured of a payload is unknown, whatever lies after it in the buffer."""
    cut = data.draw(st.integers(0, len(payload)))
    first = Given(transport, port, 50000, payload, cut)
    neighbours = [find_all(first, Given(UDP, 1, 1, byte * 100))[0] for byte in (b"\x00", b"\xff", b"A")]
    assert neighbours[0] == neighbours[1] == neighbours[2]


def test_rows_without_payload_or_transport_are_left_alone() -> None:
    """An acknowledgement on port 443 is TCP, and what is not TCP or UDP is not looked at."""
    assert find(TCP, 50000, 443, b"").protocol == Protocol.TCP
    workspace = workspace_of([Given(UDP, 53, 53, b"x" * 40)])
    workspace.columns["protocol"][:] = Protocol.ICMP
    before = {name: workspace.columns[name].copy() for name in COLUMN_NAMES}
    recognise(workspace)
    assert all(np.array_equal(before[name], workspace.columns[name]) for name in COLUMN_NAMES)


def test_payload_that_was_not_captured_says_nothing() -> None:
    """Of headers alone no application is told; one captured byte lets the port speak."""
    assert find(TCP, 50000, 443, b"\x17" * 40, cut=40).protocol == Protocol.TCP
    assert find(TCP, 50000, 443, b"\x17" * 40, cut=39).protocol == Protocol.TLS


def test_an_empty_block_is_fine() -> None:
    """No rows, no work."""
    assert find_all() == []


def test_the_lower_port_is_tried_first() -> None:
    """Between two registered ports the lower one decides, as in Wireshark, in both directions."""
    assert find(TCP, 1883, 25, b"\x01\x02").protocol == Protocol.SMTP
    assert find(TCP, 25, 1883, b"\x01\x02").protocol == Protocol.SMTP
