"""Frames as the decoder, the recognition of applications, the readers of names and the details pane meet them."""

from __future__ import annotations

import struct
import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.helpers.payloads import TCP, UDP, Given, workspace_of
from tests.helpers.wire import ethernet, ipv4
from trafficdesk.capture.source import Frame
from trafficdesk.decode.applications import recognise
from trafficdesk.decode.dissect import dissect
from trafficdesk.decode.frames import decode, decode_named
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.info import info_bytes
from trafficdesk.packets.protocol import Protocol, Status

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from trafficdesk.packets.batch import PacketBatch

_HEAD: Final = struct.Struct("<HHH")
_PAYLOAD_HEAD: Final = struct.Struct("<BHHB")
_MOST_FRAMES: Final = 16
_START_NS: Final = 1_700_000_000_000_000_000


def packed(frames: Iterable[tuple[int, bytes, int]]) -> bytes:
    """An input out of frames: link type, bytes, and how many bytes more were on the wire."""
    return b"".join(_HEAD.pack(link_type, len(frame), more) + frame for link_type, frame, more in frames)


def unpacked(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """The frames of an input; the last one is what is left."""
    at = 0
    for _ in range(_MOST_FRAMES):
        if at + _HEAD.size > len(data):
            return
        link_type, size, more = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield link_type, data[at : at + size], more
        at += size


def packed_payload(transport: Protocol, ports: tuple[int, int], payload: bytes, cut: int = 0) -> bytes:
    """An input out of one payload."""
    return _PAYLOAD_HEAD.pack(transport == TCP, *ports, cut) + payload


def block_between(frames: list[tuple[int, bytes, int]], filler: bytes) -> FrameBlock:
    """A block of `frames` with `filler` around each."""
    lengths = np.array([len(frame) for _, frame, _ in frames], np.int64)
    data = np.frombuffer(b"".join(filler + frame for _, frame, _ in frames) + filler, np.uint8)
    return FrameBlock(
        data,
        np.cumsum(lengths + len(filler)) - lengths,
        lengths,
        lengths + np.array([more for _, _, more in frames], np.int64),
        _START_NS + np.arange(len(frames), dtype=np.int64),
        np.array([link_type for link_type, _, _ in frames], np.uint16),
    )


def check_decode(data: bytes) -> Iterable[Hashable]:
    """Any frames are rows, each made of its own frame's bytes alone and within the schema's bounds."""
    frames = list(unpacked(data))
    batch, other = (decode(block_between(frames, filler)) for filler in (b"", b"\x55" * 97))
    for name, column in batch.columns.items():
        assert column.tobytes() == other[name].tobytes(), f"{name} depends on what lies around the frame"
    assert batch.text.tobytes() == other.text.tobytes()
    check_batch(batch, len(frames))
    return kinds_of(batch)


def check_batch(batch: PacketBatch, rows: int) -> None:
    """What holds of every batch, whatever was decoded."""
    assert len(batch) == rows
    assert set(batch["status"].tolist()) <= set(Status)
    assert set(batch["protocol"].tolist()) <= set(Protocol)
    starts, lengths = batch["text_start"], batch["text_length"].astype(np.int64)
    assert not np.any(lengths[starts + lengths > len(batch.text)])
    assert not np.any(starts < 0)
    filled = batch["payload_length"] > 0
    ends = batch["payload_offset"].astype(np.int64) + batch["payload_length"]
    assert not np.any(ends[filled] > batch["length"][filled]), "a payload ends after its frame"
    for line in info_bytes(batch).tolist():
        assert line.decode().isprintable()


def kinds_of(batch: PacketBatch) -> list[Hashable]:
    """Which protocols with which status, and by which numbers their messages were told apart."""
    names = ("protocol", "status", "network", "message_type", "application_code")
    return list(zip(*(batch[name].tolist() for name in names), strict=True))


def check_applications(data: bytes) -> Iterable[Hashable]:
    """Any payload between any ports is recognised or not, and its text lies in the arena."""
    if len(data) < _PAYLOAD_HEAD.size:
        return []
    over_tcp, source, destination, cut = _PAYLOAD_HEAD.unpack_from(data)
    payload = data[_PAYLOAD_HEAD.size :]
    given = Given(TCP if over_tcp & 1 else UDP, source, destination, payload, min(cut, len(payload)))
    workspace = workspace_of([given])
    recognise(workspace)
    columns = workspace.columns
    arena = sum(len(piece) for piece in workspace.text)
    assert 0 <= int(columns["text_start"][0]) + int(columns["text_length"][0]) <= arena
    assert 0 <= float(columns["name_entropy"][0]) <= 8
    numbers = ("protocol", "status", "application_code", "application_type")
    return [tuple(int(columns[name][0]) for name in numbers), int(columns["text_length"][0]) > 0]


def check_answers(data: bytes) -> Iterable[Hashable]:
    """Any message from a port that tells names gives evidence about its own rows, bounded and of valid addresses."""
    port = (53, 5353, 5355, 67)[data[0] & 3] if data else 53
    messages = data[1:].split(b"\r\n--\r\n")[:_MOST_FRAMES]
    frames = [(1, ethernet(0x0800, ipv4(17, _datagram(port, message))), 0) for message in messages]
    block = block_between(frames, b"\x55" * 3)
    batch = decode_named(block)
    check_batch(batch, len(frames))
    names = batch.names
    if names is None:
        return [(port, int(batch["status"][0]))]
    assert len(names.names) == len(names.addresses) == len(names.clients) == len(names.packet_ids)
    assert np.all(np.isin(names.packet_ids, batch.ids))
    assert all(len(name) <= 4 * 255 for name in names.names)
    return [(port, int(source), bool(name)) for source, name in zip(names.sources, names.names, strict=True)]


def _datagram(port: int, message: bytes) -> bytes:
    ports = (68, 67) if port == 67 else (port, 5353 if port == 5353 else 50_000)
    return struct.pack(">HHHH", *ports, 8 + len(message), 0) + message


def check_dissect(data: bytes) -> Iterable[Hashable]:
    """The layers of any frame cover it in order; every field lies in it and is printable and bounded."""
    if len(data) < 3:
        return []
    link_type, frame = int.from_bytes(data[:2], "little"), data[3:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # scapy's own, at import
        layers = dissect(Frame(frame, _START_NS, len(frame) + data[2], link_type))
    at = 0
    for layer in layers:
        assert at <= layer.start <= layer.stop <= len(frame)
        at = layer.stop
        assert layer.name.isprintable()
        assert layer.summary.isprintable()
        for field in layer.fields:
            assert 0 <= field.start <= field.stop <= len(frame)
            assert field.name.isprintable()
            assert field.value.isprintable()
            assert len(field.value) <= 500
    assert at == len(frame) or len(layers) == 64
    return [tuple(layer.name for layer in layers)[-2:]]
