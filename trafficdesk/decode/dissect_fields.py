"""scapy's layers as `DissectedLayer` values: names, printable values, and where in the frame they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from trafficdesk.decode.dissect_words import field_name, layer_name
from trafficdesk.packets.printable import printable, shown
from trafficdesk.packets.words import tcp_flags

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE_CHARACTERS: Final = 500
MAX_DEPTH: Final = 3
"""Records within records that are shown."""
MAX_FIELDS: Final = 400
"""Fields shown of one layer."""
_PLAIN: Final = frozenset({"Raw", "Padding"})
"""scapy's layers of bytes that no protocol explains."""


@dataclass(frozen=True, slots=True)
class DissectedField:
    """One field of a layer, and where its bytes lie."""

    name: str
    value: str
    """Printable, at most `VALUE_CHARACTERS`."""
    start: int
    """First byte in the frame; the layer's where scapy does not tell the field's own."""
    stop: int
    """One past the last byte in the frame."""


@dataclass(frozen=True, slots=True)
class DissectedLayer:
    """One protocol layer of a packet."""

    name: str
    summary: str
    """The most telling values in one line; may be empty."""
    start: int
    """First byte of the layer's own header in the frame."""
    stop: int
    """One past its header's last byte."""
    fields: tuple[DissectedField, ...]


def walk(packet: Any, data: bytes, application: Any) -> Iterator[DissectedLayer]:
    """The chain of scapy layers with their places; `application` reads what scapy left raw of the transport's payload.

    May raise anything on hostile bytes; the layers before have been handed out by then.
    """
    start = 0
    layer = packet
    while layer and type(layer).__name__ != "NoPayload":
        if application is not None and type(layer).__name__ == "Raw":
            layer, application = application(layer.load), None
        name = type(layer).__name__
        header = layer.raw_packet_cache
        size = len(header) if header is not None else len(layer.original) - len(layer.payload.original)
        if name == "Padding":
            start = max(len(data) - len(layer.load), start)
            size = len(layer.load)
        stop = min(start + max(size, 0), len(data))
        yield DissectedLayer(
            layer_name(name, str(layer.name)),
            _summary(layer),
            start,
            stop,
            tuple(_fields(layer, data[start:stop], start)),
        )
        start = stop
        layer = layer.payload


def _summary(layer: Any) -> str:
    """Source and destination, or the value that says most."""
    values = layer.fields
    for source, destination in (("src", "dst"), ("sport", "dport"), ("psrc", "pdst")):
        if source in values and destination in values:
            return shown(f"{values[source]} → {values[destination]}", VALUE_CHARACTERS)
    if type(layer).__name__ in _PLAIN:
        return f"{len(layer.load)} bytes"
    return ""


def _fields(layer: Any, header: bytes, start: int) -> Iterator[DissectedField]:
    """Every field that is present, with its place as far as reading the header again tells it."""
    spans = _spans(layer, header)
    name = type(layer).__name__
    count = 0
    for field in layer.fields_desc:
        if field.name not in layer.fields or spans.get(field.name) == (0, 0, 0):
            continue
        first, last, _ = spans.get(field.name, (0, len(header), 0))
        for label, value in _values(layer, field):
            yield DissectedField(field_name(name, field.name) + label, value, start + first, start + last)
            count += 1
            if count >= MAX_FIELDS:
                return


def _spans(layer: Any, header: bytes) -> dict[str, tuple[int, int, int]]:
    """First and last byte of each field and its bits in all; (0, 0, 0) for absent ones. Stops where scapy does."""
    spans: dict[str, tuple[int, int, int]] = {}
    rest: Any = header
    for field in layer.fields_desc:
        before = _bits_left(rest)
        try:
            rest, _ = field.getfield(layer, rest)
        except Exception:  # noqa: BLE001  a field of hostile bytes may raise anything; the others keep their places
            break
        after = _bits_left(rest)
        total = len(header) * 8
        if after == before:
            spans[field.name] = (0, 0, 0)
        else:
            spans[field.name] = ((total - before) // 8, (total - after + 7) // 8, before - after)
    return spans


def _bits_left(rest: Any) -> int:
    """Bits not yet read: scapy hands over (bytes, bits already used of them) within bit fields."""
    if isinstance(rest, tuple):
        return len(rest[0]) * 8 - int(rest[1])
    return len(rest) * 8


def _values(layer: Any, field: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Labels and printable values: a record gives one, and one for each record within it."""
    value = layer.fields[field.name]
    if isinstance(value, list) and value and all(hasattr(item, "fields_desc") for item in value):
        for number, item in enumerate(value[:MAX_FIELDS], 1):
            yield from ((f" {number}{label}", text) for label, text in _record(item, depth))
    elif hasattr(value, "fields_desc"):
        yield from _record(value, depth)
    else:
        yield "", _text(layer, field, value)


def _record(item: Any, depth: int) -> Iterator[tuple[str, str]]:
    """A record's plain fields in one line, then the records within it."""
    parts: list[str] = []
    inner: list[tuple[str, str]] = []
    for field in item.fields_desc:
        value = item.fields.get(field.name)
        if value is None or value in (b"", []):
            continue
        name = field_name(type(item).__name__, field.name)
        nested = hasattr(value[0] if isinstance(value, list) else value, "fields_desc")
        if not nested:
            parts.append(f"{name}: {_text(item, field, value)}")
        elif depth < MAX_DEPTH:
            inner += [(f", {name.lower()}{label}", text) for label, text in _values(item, field, depth + 1)]
    yield "", shown(", ".join(parts), VALUE_CHARACTERS)
    yield from inner


def _text(layer: Any, field: Any, value: Any) -> str:
    """One value as a person reads it."""
    name = field.name
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        # Zeros fill up a text field; where they are all there is, they are what one looks for.
        blank = not text and type(layer).__name__ in _PLAIN
        return shown(value.hex(" "), VALUE_CHARACTERS) if blank else printable(text, VALUE_CHARACTERS)
    if name in {"sport", "dport"} and isinstance(value, int):
        service = str(field.i2repr(layer, value))
        return str(value) if service == str(value) else f"{value} ({service})"
    if name in {"ihl", "dataofs"} and isinstance(value, int):
        return f"{value * 4} bytes ({value})"
    if name == "flags" and type(layer).__name__ == "TCP":
        return f"{tcp_flags(int(value))} (0x{int(value):03x})"
    return shown(str(field.i2repr(layer, value)), VALUE_CHARACTERS) or "none"
