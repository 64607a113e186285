"""`frame.interface_id` and `frame.interface_name`: Wireshark's fields, by the names that the rows bring along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.numbered import numbered_batch
from trafficdesk.errors import BadDisplayFilter
from trafficdesk.packets.display_filter import compile_filter
from trafficdesk.packets.log import PacketLog

if TYPE_CHECKING:
    from trafficdesk.packets.batch import PacketBatch

NUMBERS = (0, 1, 2, 3, 1, 9)
NAMES = ("eth0", "wlan0", "", "eth1")


def _first(first_id: int) -> PacketBatch:
    """Three rows of the first interface."""
    batch = numbered_batch(first_id, 3)
    return replace(batch, columns={**batch.columns, "interface": np.zeros(3, np.uint16)})


def rows_of(expression: str, names: tuple[str, ...] = NAMES) -> list[int]:
    batch = numbered_batch(0, len(NUMBERS))
    columns = {**batch.columns, "interface": np.array(NUMBERS, np.uint16)}
    log = PacketLog()
    log.append(replace(batch, columns=columns, interfaces=names))
    return log.select(compile_filter(expression).mask).tolist()


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("frame.interface_id == 1", [1, 4]),
        ("frame.interface_id >= 3", [3, 5]),
        ('frame.interface_name == "wlan0"', [1, 4]),
        ('frame.interface_name != "wlan0"', [0, 3]),
        ('frame.interface_name contains "eth"', [0, 3]),
        ('frame.interface_name matches "^ETH[01]$"', [0, 3]),
        ('frame.interface_name in {"eth0", "eth1"}', [0, 3]),
        ("frame.interface_name", [0, 1, 3, 4]),
        ("!frame.interface_name", [2, 5]),
        ('frame.interface_name == "eth7"', []),
    ],
)
def test_interfaces_are_found(expression: str, rows: list[int]) -> None:
    """Rows whose interface has no name, or is not known, have no such field."""
    assert rows_of(expression) == rows


def test_without_names_nothing_has_the_field() -> None:
    """As in a pcap file."""
    assert rows_of("frame.interface_name", ()) == []
    assert rows_of('frame.interface_name != "x"', ()) == []


def test_a_renamed_interface_is_found_under_its_new_name() -> None:
    """Also in rows from before: it is the same interface."""
    log = PacketLog()
    log.append(replace(_first(0), interfaces=("eth0",)))
    log.append(replace(_first(3), interfaces=("lan0",)))
    wanted = compile_filter('frame.interface_name == "lan0"')
    assert log.select(wanted.mask).tolist() == list(range(6))


def test_names_have_no_order() -> None:
    """A comparison that means nothing is refused with what is taken."""
    with pytest.raises(BadDisplayFilter, match="can't be compared"):
        compile_filter('frame.interface_name > "eth0"')
