"""Which end of a conversation is this computer's, and which one the peer, told from its first packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trafficdesk.packets.address import halves
from trafficdesk.packets.peers import NEITHER, SOURCE, is_own, peer_sides
from trafficdesk.packets.protocol import TcpFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.identity.conversations import Ends, State
    from trafficdesk.packets.batch import PacketBatch


def fill_begun(
    state: State,
    places: NDArray[np.int64],
    batch: PacketBatch,
    rows: NDArray[np.int64],
    ends: Ends,
    *,
    own: NDArray[np.void],
) -> None:
    """Note of the conversations at `places`, cleared before, what their first packets `rows` say."""
    source, destination = halves(batch["source"][rows]), halves(batch["destination"][rows])
    state.source[places], state.destination[places] = source, destination
    state.port_step[places] = batch["destination_port"][rows] - batch["source_port"][rows]
    if not len(own):
        return
    columns = {
        name: batch[name][rows] for name in ("source_port", "destination_port", "ip_protocol", "tcp_flags")
    }
    here = is_own(source, own), is_own(destination, own)
    _fill_local_end(state, places, columns, (ends.source[rows], ends.destination[rows]), here)


def clients_and_peers(state: State, places: NDArray[np.int64], own: NDArray[np.void]) -> tuple[bytes, bytes]:
    """The near and the far end's address of each conversation, 16 bytes each, zero where there is no peer."""
    source, destination = state.source[places], state.destination[places]
    sides = peer_sides(source, destination, state.port_step[places], own)
    from_source = (sides == SOURCE)[:, None]
    there = (sides != NEITHER)[:, None]
    clients = np.where(from_source, destination, source) * there
    peers = np.where(from_source, source, destination) * there
    return clients.astype(">u8").tobytes(), peers.astype(">u8").tobytes()


def _fill_local_end(
    state: State,
    places: NDArray[np.int64],
    columns: dict[str, NDArray[Any]],
    hashes: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    here: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    from_here, to_here = here
    opening = columns["tcp_flags"] & (TcpFlag.SYN | TcpFlag.ACK)
    answer = opening == (TcpFlag.SYN | TcpFlag.ACK)
    outwards = (opening == TcpFlag.SYN) | (~answer & (columns["source_port"] >= columns["destination_port"]))
    # Of two ends that are both ours, the one that began it.
    leaving = from_here & (~to_here | outwards)
    port = np.where(leaving, columns["source_port"], columns["destination_port"])
    state.local[places] = (from_here | to_here) & (port >= 0)
    state.local_end[places] = np.where(leaving, *hashes)
    state.local_port[places] = (columns["ip_protocol"].astype(np.int64) << 16) | port
