"""Transport payloads as the recognition of applications gets them, without the headers before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications import recognise
from trafficdesk.decode.workspace import Workspace
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.protocol import LinkType, Protocol, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

TCP: Final = Protocol.TCP
UDP: Final = Protocol.UDP
IP_PROTOCOLS: Final = {TCP: 6, UDP: 17}


@dataclass(frozen=True, slots=True)
class Given:
    """One payload on its way from a source port to a destination port."""

    transport: Protocol
    source: int
    destination: int
    payload: bytes
    cut: int = 0
    """Bytes at the end that were not captured."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was recognised of it."""

    protocol: Protocol
    text: bytes
    id: int
    code: int
    type: int
    count: int
    name_hash: int
    entropy: float
    status: Status


def workspace_of(given: Sequence[Given]) -> Workspace:
    """A workspace whose frames are nothing but these payloads."""
    captured = [one.payload[: len(one.payload) - one.cut] for one in given]
    sizes = np.array([len(piece) for piece in captured], np.int64)
    wire = np.array([len(one.payload) for one in given], np.int64)
    workspace = Workspace(
        FrameBlock(
            data=np.frombuffer(b"".join(captured), np.uint8),
            offsets=np.cumsum(sizes) - sizes,
            captured_lengths=sizes,
            wire_lengths=wire,
            timestamps_ns=np.zeros(len(given), np.int64),
            link_types=np.full(len(given), LinkType.ETHERNET, np.uint16),
        )
    )
    workspace.columns["payload_length"][:] = wire
    workspace.columns["protocol"][:] = [one.transport for one in given]
    workspace.columns["ip_protocol"][:] = [IP_PROTOCOLS[one.transport] for one in given]
    workspace.columns["source_port"][:] = [one.source for one in given]
    workspace.columns["destination_port"][:] = [one.destination for one in given]
    return workspace


def find_all(*given: Given) -> list[Found]:
    """What `recognise` makes of many payloads in one block."""
    workspace = workspace_of(given)
    recognise(workspace)
    arena = np.concatenate([*workspace.text, np.empty(0, np.uint8)]).tobytes()
    columns = workspace.columns

    def one(row: int) -> Found:
        start = int(columns["text_start"][row])
        return Found(
            Protocol(int(columns["protocol"][row])),
            arena[start : start + int(columns["text_length"][row])],
            *(int(columns[f"application_{name}"][row]) for name in ("id", "code", "type", "count")),
            int(columns["name_hash"][row]),
            float(columns["name_entropy"][row]),
            Status(int(columns["status"][row])),
        )

    return [one(row) for row in range(len(given))]


def find(transport: Protocol, source: int, destination: int, payload: bytes, *, cut: int = 0) -> Found:
    """What `recognise` makes of one payload."""
    return find_all(Given(transport, source, destination, payload, cut))[0]
