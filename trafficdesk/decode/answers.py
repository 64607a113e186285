"""What frames tell of addresses' names: A and AAAA records of DNS, multicast DNS and LLMNR answers, DHCP host names.

Read after `decode`, from the few rows that are such messages, all rows at once. A name here is evidence, not proof:
whoever may write on the network may write answers. Never raises on wire data; no walk follows a pointer more often than
`domain_names` allows, and one that only skips a name follows none (RFC 1035 section 4.1.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from trafficdesk.decode.applications.domain_names import walk_names
from trafficdesk.decode.applications.payload import Payloads
from trafficdesk.decode.workspace import Workspace
from trafficdesk.packets.address import IPV4_PREFIX, is_local
from trafficdesk.packets.block import FrameBlock
from trafficdesk.packets.identities import NameEvidence, NameSource
from trafficdesk.packets.protocol import IpProtocol, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

MAX_QUESTIONS: Final = 4
"""Of a response; resolvers send one (RFC 9619)."""
MAX_RECORDS: Final = 48
"""Looked at per message; a service's mDNS answer has some 20."""
MAX_OWNERS: Final = 2_048
"""Names of mDNS records decoded per batch."""
MAX_DHCP: Final = 256
"""DHCP messages read per batch, one at a time."""
_HEADER: Final = 12
_MAX_LABELS: Final = 128
_A: Final = 1
_AAAA: Final = 28
_INTERNET: Final = 1
_SOURCES: Final = {
    Protocol.DNS: NameSource.DNS,
    Protocol.MDNS: NameSource.MDNS,
    Protocol.LLMNR: NameSource.LLMNR,
}
_ASKING: Final = (3, 8)
"""DHCPREQUEST and DHCPINFORM (RFC 2132 section 9.6): the address is the client's, or about to be."""
_LOCAL_DOMAIN: Final = ".local"
"""Multicast DNS answers for this domain alone (RFC 6762 section 3): no neighbour can name the Internet's hosts."""


class _Records(NamedTuple):
    """Address records found; arrays over (records,)."""

    message: NDArray[np.int64]
    """Index of the message."""
    owner: NDArray[np.int64]
    """Absolute position of the record's name."""
    data: NDArray[np.int64]
    """Absolute position of the address."""
    long: NDArray[np.bool_]
    """AAAA."""


def read_answers(block: FrameBlock, batch: PacketBatch) -> NameEvidence | None:
    """Names told by the frames of `block`, which `batch` was decoded from; None where there are none."""
    protocol = batch["protocol"]
    suspects = np.flatnonzero(
        # What answers inside a tunnel is another network's, and lies elsewhere than the outer payload.
        (batch["tunnel"] == 0)
        & (
            (protocol == Protocol.DNS)
            | (protocol == Protocol.MDNS)
            | (protocol == Protocol.LLMNR)
            | (protocol == Protocol.DHCP)
        )
    )
    if not len(suspects):
        return None
    code = batch["application_code"][suspects]
    answered = ((code & 0x800F) == 0x8000) & (batch["application_count"][suspects] > 0)
    dhcp = protocol[suspects] == Protocol.DHCP
    found = [_domain_names(block, batch, suspects[answered & ~dhcp])]
    asking = dhcp & np.isin(code, _ASKING) & (batch["text_length"][suspects] > 0)
    found.append(_dhcp_names(block, batch, suspects[asking][:MAX_DHCP]))
    return _in_order([evidence for evidence in found if evidence is not None])


def _domain_names(block: FrameBlock, batch: PacketBatch, rows: NDArray[np.int64]) -> NameEvidence | None:
    if not len(rows):
        return None
    payloads = _payloads(block, batch, rows)
    over_tcp = batch["ip_protocol"][rows] == IpProtocol.TCP
    base = payloads.at + np.where(over_tcp, 2, 0)
    records = _address_records(payloads, base, batch["protocol"][rows] == Protocol.MDNS)
    if not len(records.message):
        return None
    names = _names_of(batch, rows, payloads, base, records)
    at = rows[records.message]
    sources = np.array([_SOURCES[Protocol(number)] for number in batch["protocol"][at].tolist()], np.uint8)
    addresses = _addresses(payloads.workspace.data, records)
    known = np.array([bool(name) for name in names], np.bool_)
    # A neighbour is believed of the local network; there IPv6 addresses are public, as a rule.
    told = known & ((sources == NameSource.DNS) | records.long | is_local(addresses))
    kept = np.flatnonzero(told)
    return NameEvidence(
        batch.first_id + at[kept],
        batch["destination"][at[kept]],
        addresses[kept],
        sources[kept],
        tuple(names[index] for index in kept.tolist()),
    )


def _payloads(block: FrameBlock, batch: PacketBatch, rows: NDArray[np.int64]) -> Payloads:
    chosen = FrameBlock(
        block.data,
        block.offsets[rows],
        block.captured_lengths[rows],
        block.wire_lengths[rows],
        block.timestamps_ns[rows],
        block.link_types[rows],
    )
    workspace = Workspace(chosen)
    for name in ("payload_offset", "payload_length"):
        workspace.columns[name][:] = batch[name][rows]
    return Payloads.of(workspace, np.arange(len(rows)))


def _address_records(payloads: Payloads, base: NDArray[np.int64], whole: NDArray[np.bool_]) -> _Records:
    """A and AAAA records of the answer sections; of all sections where `whole`."""
    data = payloads.workspace.data
    questions, answers, others, additional = (_be16(data, base + at, payloads.stop) for at in (4, 6, 8, 10))
    count = np.minimum(answers + np.where(whole, others + additional, 0), MAX_RECORDS)
    count[questions > MAX_QUESTIONS] = 0
    at = base + _HEADER
    for number in range(MAX_QUESTIONS):
        asked = np.flatnonzero((questions > number) & (count > 0))
        if len(asked):
            after = _skip_names(data, at[asked], payloads.stop[asked])
            at[asked] = after + 4
            count[asked[after == 0]] = 0
    return _walk_records(data, at, payloads.stop, count)


def _walk_records(
    data: NDArray[np.uint8], at: NDArray[np.int64], stop: NDArray[np.int64], count: NDArray[np.int64]
) -> _Records:
    found = []
    message = np.flatnonzero(count > 0)
    at, stop, count = at[message], stop[message], count[message]
    for number in range(1, MAX_RECORDS + 1):
        after = _skip_names(data, at, stop)
        kind, scope, size = (_be16(data, after + offset, stop) for offset in (0, 2, 8))
        there = (after > 0) & (after + 10 + size <= stop)
        wanted = np.where(kind == _A, 4, np.where(kind == _AAAA, 16, -1))
        # The top bit of an mDNS record's class says that it replaces older ones (RFC 6762 section 10.2).
        hit = there & (size == wanted) & ((scope & 0x7FFF) == _INTERNET)
        if hit.any():
            found.append(_Records(message[hit], at[hit], after[hit] + 10, kind[hit] == _AAAA))
        going = there & (count > number)
        at = (after + 10 + size)[going]
        message, stop, count = message[going], stop[going], count[going]
        if not len(message):
            break
    empty = np.empty(0, np.int64)
    parts = found or [_Records(empty, empty, empty, np.empty(0, np.bool_))]
    return _Records(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _skip_names(data: NDArray[np.uint8], at: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position after each name, 0 where it does not end: labels up to the root or the first pointer."""
    after = np.zeros(len(at), np.int64)
    row = np.arange(len(at))
    for _ in range(_MAX_LABELS):
        size = np.where(at < stop, data[np.minimum(at, len(data) - 1)], np.uint8(64)).astype(np.int64)
        root = size == 0
        after[row[root]] = at[root] + 1
        pointer = (size >= 0xC0) & (at + 1 < stop)
        after[row[pointer]] = at[pointer] + 2
        label = (size > 0) & (size < 64)
        if not label.any():
            break
        row, at, stop = row[label], at[label] + 1 + size[label], stop[label]
    return after


def _be16(data: NDArray[np.uint8], at: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.int64]:
    """Two bytes each, 0 where they are not there."""
    last = len(data) - 2
    if last < 0:
        return np.zeros(len(at), np.int64)
    safe = np.clip(at, 0, last)
    value = (data[safe].astype(np.int64) << 8) | data[safe + 1]
    return np.where(at + 2 <= stop, value, 0)


def _addresses(data: NDArray[np.uint8], records: _Records) -> NDArray[np.void]:
    raw = np.empty((len(records.data), 16), np.uint8)
    short = ~records.long
    raw[short, :12] = np.frombuffer(IPV4_PREFIX, np.uint8)
    raw[short, 12:] = data[records.data[short, None] + np.arange(4)]
    raw[records.long] = data[records.data[records.long, None] + np.arange(16)]
    addresses: NDArray[np.void] = raw.view("V16").reshape(-1)
    return addresses


def _names_of(
    batch: PacketBatch,
    rows: NDArray[np.int64],
    payloads: Payloads,
    base: NDArray[np.int64],
    records: _Records,
) -> list[str]:
    """The name each record is evidence of: what was asked for, whatever aliases lie between; mDNS: its own name."""
    asked = {message: _text(batch.text_of(int(rows[message]))) for message in set(records.message.tolist())}
    names = [asked[message] for message in records.message.tolist()]
    multicast = np.flatnonzero(batch["protocol"][rows[records.message]] == Protocol.MDNS)
    for index in multicast[MAX_OWNERS:].tolist():
        names[index] = ""
    multicast = multicast[:MAX_OWNERS]
    if len(multicast):
        message = records.message[multicast]
        owners = walk_names(payloads.select(message), base[message], records.owner[multicast])
        flat, ends = owners.flat.tobytes(), np.cumsum(owners.lengths)
        spans = zip((ends - owners.lengths).tolist(), ends.tolist(), strict=True)
        for index, (start, stop) in zip(multicast.tolist(), spans, strict=True):
            name = _text(flat[start:stop])
            names[index] = name if name.endswith(_LOCAL_DOMAIN) else ""
    return names


def _dhcp_names(block: FrameBlock, batch: PacketBatch, rows: NDArray[np.int64]) -> NameEvidence | None:
    told = []
    for row in rows.tolist():
        start = int(batch["payload_offset"][row])
        message = block.frame(row)[start : start + int(batch["payload_length"][row])]
        address = _client_address(message)
        if address:
            told.append((row, IPV4_PREFIX + address, _text(batch.text_of(row))))
    if not told:
        return None
    addresses = np.frombuffer(b"".join(address for _, address, _ in told), "V16")
    kept = np.flatnonzero(is_local(addresses))
    at = np.array([row for row, _, _ in told], np.int64)[kept]
    return NameEvidence(
        batch.first_id + at,
        batch["destination"][at],
        addresses[kept],
        np.full(len(kept), NameSource.DHCP, np.uint8),
        tuple(told[index][2] for index in kept.tolist()),
    )


def _client_address(message: bytes) -> bytes:
    """The client's address, else the one it asks for (RFC 2132 section 9.1); empty where there is neither."""
    if any(message[12:16]):
        return message[12:16]
    at = 240
    for _ in range(64):
        if at + 2 > len(message) or message[at] == 255:
            break
        if message[at] == 0:
            at += 1
            continue
        kind, size = message[at], message[at + 1]
        value = message[at + 2 : at + 2 + size]
        if kind == 50 and len(value) == size == 4:
            return value
        at += 2 + size
    return b""


def _text(raw: bytes) -> str:
    """DNS knows no case (RFC 4343), and resolvers mix it on purpose."""
    return raw.decode("utf-8", "backslashreplace").lower().rstrip(".")


def _in_order(parts: list[NameEvidence]) -> NameEvidence | None:
    """Evidence of several kinds in the order of the packets."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return None
    ids = np.concatenate([part.packet_ids for part in parts])
    order = np.argsort(ids, kind="stable")
    names = [name for part in parts for name in part.names]
    return NameEvidence(
        ids[order],
        np.concatenate([part.clients for part in parts])[order],
        np.concatenate([part.addresses for part in parts])[order],
        np.concatenate([part.sources for part in parts])[order],
        tuple(names[index] for index in order.tolist()),
    )
