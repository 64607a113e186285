"""pcapng's packets: clocks of every resolution, lengths of simple packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helpers.capture_bytes import column, enhanced, frames_of, interface, read, section, simple

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_700_000_000
CLOCKS = {
    0: (NOW, NOW * 10**9),
    3: (NOW * 1_000 + 7, NOW * 10**9 + 7_000_000),
    6: (NOW * 10**6 + 7, NOW * 10**9 + 7_000),
    9: (NOW * 10**9 + 7, NOW * 10**9 + 7),
    10: (NOW * 10**10 + 79, NOW * 10**9 + 7),
    19: (10**19 + 123_456_789 * 10**10, 1_123_456_789),
    20: (2**63, 0),
    127: (2**64 - 1, 0),
    0x80: (NOW, NOW * 10**9),
    0x80 | 10: (NOW << 10 | 512, NOW * 10**9 + 500_000_000),
    0x80 | 32: (NOW << 32 | 1 << 31, NOW * 10**9 + 500_000_000),
    0x80 | 33: (1 << 33 | 1, 10**9),
    0x80 | 60: (5 << 60 | 3 << 58, 5 * 10**9 + 750_000_000),
    0x80 | 63: (1 << 63 | 1 << 62, 1_500_000_000),
    0x80 | 64: (1 << 63, 500_000_000),
}
"""if_tsresol: (ticks, nanoseconds)."""


@pytest.mark.parametrize("resolution", CLOCKS)
def test_every_resolution_gives_nanoseconds(tmp_path: Path, resolution: int) -> None:
    """Ticks of powers of ten and of two become nanoseconds without a float's rounding."""
    ticks, expected = CLOCKS[resolution]
    content = section() + interface(resolution=resolution) + enhanced(b"x", ticks)
    assert column(read(tmp_path / "x", content)[0], "timestamps_ns") == [expected]


def test_each_interface_keeps_its_own_clock(tmp_path: Path) -> None:
    """Resolution and offset belong to the interface of the packet."""
    content = (
        section()
        + interface(resolution=9)
        + interface(resolution=3, offset_s=100)
        + interface(offset_s=-1)
        + enhanced(b"a", 5, number=0)
        + enhanced(b"b", 5, number=1)
        + enhanced(b"c", 3_000_000, number=2)
    )
    blocks, _ = read(tmp_path / "x", content)
    assert column(blocks, "timestamps_ns") == [5, 100_005_000_000, 2 * 10**9]


@pytest.mark.parametrize("offset_s", [2**63 - 1, -(2**63)])
@pytest.mark.parametrize("ticks", [0, 2**64 - 1])
def test_times_beyond_the_calendar_stay_at_its_end(tmp_path: Path, offset_s: int, ticks: int) -> None:
    """Absurd ticks and offsets neither wrap around nor raise."""
    content = section() + interface(resolution=0, offset_s=offset_s) + enhanced(b"x", ticks)
    (time,) = column(read(tmp_path / "x", content)[0], "timestamps_ns")
    assert abs(time) >= 9_223_372_035 * 10**9 or ticks > 0 > offset_s


def test_simple_packets_are_cut_to_the_snap_length(tmp_path: Path) -> None:
    """Their captured length is the smaller of the wire length and the first interface's snap length."""
    content = section() + interface(snap_length=8) + simple(b"12345678", wire=1_500) + simple(b"1234")
    blocks, fault = read(tmp_path / "x", content)
    assert fault is None
    assert frames_of(blocks) == [b"12345678", b"1234"]
    assert column(blocks, "wire_lengths") == [1_500, 4]


def test_simple_packets_take_the_time_of_the_packet_before(tmp_path: Path) -> None:
    """They have none of their own; the first of a file is of the epoch."""
    content = (
        section()
        + interface()
        + simple(b"a")
        + enhanced(b"b", 7)
        + simple(b"c")
        + section()
        + interface()
        + simple(b"d")
    )
    blocks, _ = read(tmp_path / "x", content)
    assert column(blocks, "timestamps_ns") == [0, 7_000, 7_000, 7_000]
