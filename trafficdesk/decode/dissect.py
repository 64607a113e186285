"""The whole layer tree of one packet, for the details pane; scapy does the dissecting.

Slow (about a millisecond) and thorough where `decode` is fast and shallow. Never raises on wire data: what scapy
cannot read ends the tree as a layer named `MALFORMED`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode import decode
from trafficdesk.decode.dissect_fields import (
    MAX_FIELDS,
    VALUE_CHARACTERS,
    DissectedField,
    DissectedLayer,
    walk,
)
from trafficdesk.decode.dissect_scapy import application_class, first_class
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.printable import printable
from trafficdesk.packets.protocol import Protocol, Status, protocol_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trafficdesk.capture.source import Frame

__all__ = ["DissectedField", "DissectedLayer", "dissect"]

MALFORMED: Final = "Malformed"
TRUNCATED: Final = "Truncated"
"""What scapy could not read: the sender's fault, and the capture's."""
DISSECTED_BYTES: Final = 16_384
"""Bytes of a frame given to scapy: more than a jumbo frame; what follows is shown as data."""
MAX_LAYERS: Final = 64
_LINES: Final[dict[int, str]] = {
    Protocol.HTTP: "Hypertext Transfer Protocol",
    Protocol.SSDP: "Simple Service Discovery Protocol",
    Protocol.SIP: "Session Initiation Protocol",
    Protocol.RTSP: "Real Time Streaming Protocol",
    Protocol.SMTP: "Simple Mail Transfer Protocol",
    Protocol.FTP: "File Transfer Protocol",
    Protocol.IMAP: "Internet Message Access Protocol",
    Protocol.POP: "Post Office Protocol",
    Protocol.IRC: "Internet Relay Chat",
    Protocol.SSH: "SSH identification",
    Protocol.SYSLOG: "Syslog",
}
"""Protocols of readable lines: shown line by line, without scapy (whose HTTP layer would unpack compressed bodies)."""


def dissect(frame: Frame) -> tuple[DissectedLayer, ...]:
    """The layers of one frame, outermost first; an empty frame has none."""
    data = frame.data[:DISSECTED_BYTES]
    if not data:
        return ()
    recognised = _Recognised.of(frame)
    layers = _complete(list(_scapy_layers(frame.link_type, data, recognised)), data, recognised)
    if len(frame.data) > len(data):
        layers.append(_data_layer("Data not dissected", frame.data, len(data), len(frame.data)))
    return tuple(layers[:MAX_LAYERS])


@dataclass(frozen=True, slots=True)
class _Recognised:
    """What `decode` says of the frame."""

    protocol: int
    status: int
    payload: int
    """First byte of the transport payload; 0 without one."""
    fault: str
    """`TRUNCATED` where the capture cut the frame, else `MALFORMED`."""

    @classmethod
    def of(cls, frame: Frame) -> _Recognised:
        length = np.array([len(frame.data)], np.int64)
        batch = decode(
            FrameBlock(
                data=np.frombuffer(frame.data, np.uint8),
                offsets=np.zeros(1, np.int64),
                captured_lengths=length,
                wire_lengths=np.array([max(frame.wire_length, len(frame.data))], np.int64),
                timestamps_ns=np.zeros(1, np.int64),
                link_types=np.array([frame.link_type], np.uint16),
            )
        )
        payload = int(batch["payload_offset"][0]) if batch["payload_length"][0] else 0
        fault = TRUNCATED if frame.wire_length > len(frame.data) else MALFORMED
        return cls(int(batch["protocol"][0]), int(batch["status"][0]), payload, fault)


def _scapy_layers(link_type: int, data: bytes, recognised: _Recognised) -> Iterator[DissectedLayer]:
    """As many layers as scapy makes of the data."""
    application = application_class(recognised.protocol)
    try:
        first = first_class(link_type, data[0] >> 4)
        if first is None:
            return
        yield from walk(first(data), data, application)
    except Exception as error:  # noqa: BLE001  scapy meets hostile bytes with any exception; the tree ends here
        logging.getLogger(__name__).debug(
            "scapy gave up on a frame of %d bytes: %s", len(data), type(error).__name__
        )


def _complete(layers: list[DissectedLayer], data: bytes, recognised: _Recognised) -> list[DissectedLayer]:
    """Lines of readable protocols in place of raw data, and what scapy left out, each under the name it deserves."""
    if layers and layers[-1].name == "Payload data":
        layers.append(_renamed(layers.pop(), data, recognised))
    start = layers[-1].stop if layers else 0
    if start < len(data):
        name = "Payload data" if recognised.status == Status.UNSUPPORTED else recognised.fault
        layers.append(_data_layer(name, data, start, len(data)))
    return layers


def _renamed(raw: DissectedLayer, data: bytes, recognised: _Recognised) -> DissectedLayer:
    """What scapy took for raw data, as what it is."""
    title = _LINES.get(recognised.protocol)
    if title and raw.start == recognised.payload:
        return _text_layer(title, data, raw.start, raw.stop)
    if recognised.protocol >= Protocol.DNS and recognised.status == Status.COMPLETE:
        return _data_layer(f"{protocol_name(recognised.protocol)} data", data, raw.start, raw.stop)
    if recognised.status == Status.MALFORMED or (
        recognised.status == Status.TRUNCATED and not recognised.payload
    ):
        return _data_layer(recognised.fault, data, raw.start, raw.stop)
    return raw


def _data_layer(name: str, data: bytes, start: int, stop: int) -> DissectedLayer:
    """Bytes without structure."""
    value = printable(data[start : min(stop, start + VALUE_CHARACTERS)], VALUE_CHARACTERS)
    return DissectedLayer(
        name, f"{stop - start} bytes", start, stop, (DissectedField("Data", value, start, stop),)
    )


def _text_layer(name: str, data: bytes, start: int, stop: int) -> DissectedLayer:
    """One field per line; a header line's name becomes the field's."""
    fields: list[DissectedField] = []
    at = start
    for line in data[start:stop].split(b"\n")[:MAX_FIELDS]:
        end = min(at + len(line) + 1, stop)
        text = line.rstrip(b"\r")
        if not text and fields:
            at = end
            break
        label, colon, value = text.partition(b":")
        if fields and colon and b" " not in label:
            fields.append(_field(printable(label, 60), value.strip(), at, end))
        else:
            fields.append(_field("Line", text, at, end))
        at = end
    if at < stop:
        fields.append(_field("Data", data[at:stop], at, stop))
    return DissectedLayer(name, fields[0].value if fields else "", start, stop, tuple(fields))


def _field(name: str, value: bytes, start: int, stop: int) -> DissectedField:
    return DissectedField(name, printable(value[: VALUE_CHARACTERS * 4], VALUE_CHARACTERS), start, stop)
