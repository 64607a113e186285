"""`packets.ordering`: the same order as Python's stable sort of what is shown, in either direction."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.traffic import decoded, detection_of, session_with
from trafficdesk.packets.address import pack_address
from trafficdesk.packets.batch import PacketBatch
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.info import info_texts
from trafficdesk.packets.log import PacketLog
from trafficdesk.packets.ordering import SortKeys, endpoint_keys, info_keys, label_keys
from trafficdesk.packets.protocol import EtherType, Protocol
from trafficdesk.ui.models.packet_order import SortSource
from trafficdesk.ui.models.packet_page import Column, identity_columns, text_columns

if TYPE_CHECKING:
    import ipaddress


def log_of(**columns: list[object]) -> PacketLog:
    rows = len(next(iter(columns.values())))
    made = empty_columns(rows)
    for name, values in columns.items():
        made[name][:] = np.array(values, made[name].dtype)
    log = PacketLog()
    log.append(PacketBatch(0, made, np.empty(0, np.uint8)))
    return log


@given(st.lists(st.one_of(st.none(), st.integers(0, 5))), st.booleans())
def test_equal_rows_keep_their_order_and_missing_values_are_last(
    values: list[int | None], descending: bool
) -> None:
    """In both directions, which a plain reversal would not do."""
    keys = SortKeys(
        (np.array([value or 0 for value in values], np.uint8),),
        np.array([value is not None for value in values], np.bool_),
    )
    there = [row for row, value in enumerate(values) if value is not None]
    expected = sorted(there, key=lambda row: values[row] or 0, reverse=descending)
    expected += [row for row, value in enumerate(values) if value is None]
    assert keys.order(descending=descending).tolist() == expected


@settings(max_examples=30)
@given(st.lists(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), min_size=1, max_size=60))
def test_addresses_are_ordered_as_numbers(
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
) -> None:
    """9.0.0.0 stands before 10.0.0.0, every IPv4 address before every IPv6 one."""
    network = [EtherType.IPV4 if address.version == 4 else EtherType.IPV6 for address in addresses]
    packed = np.array([pack_address(str(address)) for address in addresses], "V16")
    log = log_of(network=list(network), source=list(packed))
    ids = np.arange(len(addresses), dtype=np.int64)
    order = endpoint_keys(log, ids, "source").order(descending=False)
    assert order.tolist() == sorted(
        ids.tolist(), key=lambda row: (addresses[row].version, int(addresses[row]))
    )


def test_lines_that_begin_alike_are_compared_whole() -> None:
    """Names longer than what is compared at once are in order, too, and equal lines in the capture's."""
    names = ["a" * 190 + end for end in ("c", "a", "b", "a", "")] + ["a" * 90 + "b", "b", "a"]
    text = "".join(names).encode()
    made = empty_columns(len(names))
    made["protocol"][:] = Protocol.DNS
    made["text_length"][:] = [len(name) for name in names]
    made["text_start"][:] = np.cumsum(made["text_length"]) - made["text_length"]
    log = PacketLog()
    log.append(PacketBatch(0, made, np.frombuffer(text, np.uint8).copy()))
    ids = np.arange(len(names), dtype=np.int64)
    lines = info_texts(log.take(ids)).tolist()
    assert len(set(lines)) == len(names) - 1
    for descending in (False, True):
        expected = sorted(ids.tolist(), key=lambda row: lines[row], reverse=descending)
        assert info_keys(log, ids).order(descending=descending).tolist() == expected


def test_labels_ignore_case() -> None:
    """As a person looks for a name."""
    keys = label_keys(np.array([1, 2, 3, 0, 2]), ["", "beta", "Alpha", "alpha"])
    assert keys.order(descending=False).tolist() == [1, 2, 4, 0, 3]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", list(Column))
def test_every_column_is_ordered_by_what_it_shows(column: Column, descending: bool) -> None:
    """Equal cells are neighbours in the order of the capture, whatever the column."""
    session = session_with(200)
    session.apply(detection_of(0, 200, unusual=(3, 9), family=(8, 100), incident=1))
    ids = np.arange(20, 200, dtype=np.int64)
    source = SortSource.of(session, ("Unusual", "Port scan"), lambda _incident: 1)
    ordered = ids[source.order(ids, column, descending=descending)]
    assert sorted(ordered.tolist()) == ids.tolist()
    if column < Column.FINDING:
        cells = text_columns(session.log, ordered)[column]
    elif column == Column.COMMENT:
        cells = [session.notes.comment(packet_id) for packet_id in ordered.tolist()]
    elif column >= Column.PROGRAM:
        cells = identity_columns(session.log, ordered)[column - Column.PROGRAM]
    else:
        cells = [f"{score:.2f}" for score in session.log.column("score", ordered).tolist()]
    runs = [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]
    if column != Column.FINDING:
        assert len(runs) == len(set(runs))
    starts = [
        row for row, cell, before in zip(count(), cells, [None, *cells], strict=False) if cell != before
    ]
    if column not in (Column.TIME, Column.FINDING, Column.SCORE):
        for start, stop in zip(starts, [*starts[1:], len(cells)], strict=True):
            assert (np.diff(ordered[start:stop]) > 0).all()


def test_findings_stand_before_rows_without_one() -> None:
    """In both directions the flagged rows come first."""
    session = session_with(0)
    session.ingest(decoded(50))
    session.apply(detection_of(0, 50, unusual=(30,), family=(40,), incident=1))
    ids = np.arange(50, dtype=np.int64)
    source = SortSource.of(session, ("Unusual", "Port scan"), lambda _incident: 0)
    assert source.order(ids, Column.FINDING, descending=False)[:2].tolist() == [40, 30]
    assert source.order(ids, Column.FINDING, descending=True)[:2].tolist() == [30, 40]
