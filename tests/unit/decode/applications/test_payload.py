"""Payloads are read within their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.payloads import UDP, Given, workspace_of
from trafficdesk.decode.applications.payload import HEAD_BYTES, Payloads

GIVEN = [
    Given(UDP, 1, 2, bytes(range(1, 41))),
    Given(UDP, 1, 2, b"\xaa\xbb\xcc"),
    Given(UDP, 1, 2, b"\x11" * 30, cut=20),
]


@pytest.fixture
def payloads() -> Payloads:
    return Payloads.of(workspace_of(GIVEN), np.arange(3))


def test_heads_are_zero_beyond_the_payload(payloads: Payloads) -> None:
    """A neighbour's bytes never show in a short payload's head."""
    assert payloads.head[1].tobytes() == b"\xaa\xbb\xcc".ljust(HEAD_BYTES, b"\0")
    assert payloads.head[2].tobytes() == (b"\x11" * 10).ljust(HEAD_BYTES, b"\0")
    assert payloads.lengths.tolist() == [40, 3, 30]
    assert payloads.captured.tolist() == [40, 3, 10]


@pytest.mark.parametrize("offset", [0, 1, 14, 15, 30, 38, 39, 1000])
def test_numbers_agree_with_the_bytes(payloads: Payloads, offset: int) -> None:
    """Big-endian numbers at any offset are those of the captured bytes followed by zeros."""
    padded = [one.payload[: len(one.payload) - one.cut].ljust(1010, b"\0") for one in GIVEN]
    for width, read in ((1, payloads.u8), (2, payloads.be16), (4, payloads.be32)):
        expected = [int.from_bytes(raw[offset : offset + width], "big") for raw in padded]
        assert read(offset).tolist() == expected
        assert read(np.full(3, offset)).tolist() == expected


def test_prefixes_of_every_length_compare(payloads: Payloads) -> None:
    """Prefixes within one word and across two are found; an empty or too long one is a mistake of ours."""
    whole = bytes(range(1, HEAD_BYTES + 1))
    for length in range(1, HEAD_BYTES + 1):
        assert payloads.begins((whole[:length],)).tolist() == [True, False, False]
        assert not payloads.begins((whole[: length - 1] + b"\xff",)).any()
    for bad in (b"", b"x" * 17):
        with pytest.raises(ValueError, match="prefix"):
            payloads.begins((bad,))


def test_an_empty_buffer_reads_as_zero() -> None:
    """A block without a byte is no reason to fail."""
    payloads = Payloads.of(workspace_of([Given(UDP, 1, 2, b"\x01\x02", cut=2)]), np.arange(1))
    assert payloads.u8(np.array([3])).tolist() == [0]
    assert not payloads.head.any()
