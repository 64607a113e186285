from __future__ import annotations

import numpy as np
import pandas as pd

from tests.helpers.wire import ARP_REQUEST, DNS_QUERY, TCP_SYN, UDP_6, block_of
from trafficdesk.decode import decode
from trafficdesk.packets import PacketBatch
from trafficdesk.packets.fields import empty_columns
from trafficdesk.packets.protocol import LinkType


def test_speaks_a_persons_terms():
    """Addresses are text, times are UTC with nanoseconds, protocols and states are names."""
    table = decode(block_of(TCP_SYN, DNS_QUERY, ARP_REQUEST, UDP_6, first_id=20)).to_dataframe()
    assert table.index.tolist() == [20, 21, 22, 23]
    assert table.index.name == "packet_id"
    assert table["source"].tolist() == ["192.0.2.1", "192.0.2.1", "192.0.2.1", "2001:db8::1"]
    assert table["destination"].tolist() == ["192.0.2.2", "192.0.2.2", "192.0.2.2", "2001:db8::2"]
    assert table["destination_mac"].tolist()[2] == "ff:ff:ff:ff:ff:ff"
    assert table["protocol"].tolist()[:3] == ["TCP", "DNS", "ARP"]
    assert table["status"].tolist() == ["complete"] * 4
    assert table["text"].tolist()[:2] == ["", "example.com"]
    assert table["timestamp"][21] == pd.Timestamp(1_700_000_000_000_000_001, unit="ns", tz="UTC")


def test_what_has_no_address_has_no_text():
    """A frame without network header has empty addresses, not ::."""
    table = decode(block_of(b"\x00" * 14 + b"odd", b"\x45", link_type=LinkType.ETHERNET)).to_dataframe()
    assert table["source"].tolist() == table["destination"].tolist() == ["", ""]
    assert table["source_mac"].tolist()[1] == ""


def test_no_rows_make_an_empty_table():
    """An empty batch has the same columns as a full one."""
    full = decode(block_of(TCP_SYN)).to_dataframe()
    empty = PacketBatch.empty().to_dataframe()
    assert len(empty) == 0
    assert set(empty.columns) == set(full.columns)


def test_text_that_is_no_utf8_is_escaped():
    """Hostile bytes in a name become escapes, not an error."""
    columns = empty_columns(1)
    columns["text_length"][:] = 3
    batch = PacketBatch(0, columns, np.frombuffer(b"\xff\x00a", np.uint8).copy())
    assert batch.to_dataframe()["text"].tolist() == ["\\xff\x00a"]


def test_unknown_protocol_numbers_have_a_name():
    """A number without a name is shown as unknown."""
    columns = empty_columns(1)
    columns["protocol"][:] = 60_000
    assert PacketBatch(0, columns, np.empty(0, np.uint8)).to_dataframe()["protocol"].tolist() == ["Unknown"]
