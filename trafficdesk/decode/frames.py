"""`decode`: a block of raw frames to a batch of packets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trafficdesk.decode.answers import read_answers
from trafficdesk.decode.applications import recognise
from trafficdesk.decode.fragments import fragments_of
from trafficdesk.decode.link import walk_link
from trafficdesk.decode.network import walk_network
from trafficdesk.decode.transport import walk_transport
from trafficdesk.decode.tunnels import open_tunnels
from trafficdesk.decode.usual import read_usual
from trafficdesk.decode.workspace import Workspace
from trafficdesk.packets.batch import PacketBatch

if TYPE_CHECKING:
    from trafficdesk.packets.block import FrameBlock


def decode(block: FrameBlock) -> PacketBatch:
    """Decode every frame of `block`; one row per frame, in order, whatever the frame holds.

    Wire data never raises: a frame that can't be read wholly keeps what is known and says so in `status`.
    """
    workspace = Workspace(block)
    rows = read_usual(workspace)
    if len(rows):
        link = walk_link(workspace, rows)
        walk_transport(workspace, walk_network(workspace, link), rows)
    open_tunnels(workspace)
    recognise(workspace)
    text = np.concatenate(workspace.text) if workspace.text else np.empty(0, np.uint8)
    return PacketBatch(
        block.first_id,
        workspace.columns,
        text,
        comments=block.comments or None,
        fragments=fragments_of(workspace),
    )


def decode_named(block: FrameBlock) -> PacketBatch:
    """As `decode`, with what the frames tell of addresses' names."""
    batch = decode(block)
    names = read_answers(block, batch)
    return batch if names is None else replace(batch, names=names)
