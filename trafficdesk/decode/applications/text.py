"""Application text, its hash and its entropy, over many rows at once.

Texts travel "flat": the pieces end to end in one uint8 array, with one length per row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

TEXT_BYTES: Final = 255
"""Longest application text kept: a DNS name's limit (RFC 1035 section 2.3.4)."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64's finaliser (Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX[0]
    value = (value ^ (value >> np.uint64(27))) * _MIX[1]
    return value ^ (value >> np.uint64(31))


_MULTIPLIERS: Final = _mixed(np.arange(1, TEXT_BYTES + 1, dtype=np.uint64) * _ODD) | np.uint64(1)
_LOWER: Final = np.frombuffer(bytes(range(256)).lower(), np.uint8)
_LOWER_PLUS_ONE: Final = _LOWER.astype(np.uint64) + np.uint64(1)
_COUNT_LOG: Final = np.concatenate([[0.0], np.arange(1, 257) * np.log2(np.arange(1, 257))])


def positions(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every position of the ranges `starts[i] : starts[i] + lengths[i]`, end to end."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total)


def name_hashes(flat: NDArray[np.uint8], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(rows,) 64-bit hash of each lower-cased text of at most `TEXT_BYTES`, 0 where empty.

    A sum of bytes times random odd 64-bit multipliers, one per position, then mixed: two different texts agree with
    a probability of about 2**-56, and the whole column needs six passes.
    """
    hashes = np.zeros(len(lengths), np.uint64)
    filled = np.flatnonzero(lengths)
    if not len(filled):
        return hashes
    terms = _LOWER_PLUS_ONE[flat] * _MULTIPLIERS[positions(np.zeros(len(lengths), np.int64), lengths)]
    sums = np.add.reduceat(terms, (np.cumsum(lengths) - lengths)[filled])
    hashes[filled] = np.maximum(_mixed(sums), np.uint64(1))
    return hashes


def entropies(flat: NDArray[np.uint8], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
    """(rows,) Shannon entropy of each lower-cased text of at most 255 bytes, bits per character; 0 where empty."""
    rows = len(lengths)
    if not len(flat):
        return np.zeros(rows, np.float32)
    keys = np.repeat(np.arange(rows, dtype=np.uint32) << np.uint32(8), lengths) | _LOWER[flat]
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    counts = np.diff(first, append=len(keys))
    spent = np.bincount(keys[first] >> np.uint32(8), _COUNT_LOG[counts], minlength=rows)
    size = np.maximum(lengths, 1)
    return np.maximum(np.log2(size) - spent / size, 0).astype(np.float32)


def give_text(payloads: Payloads, flat: NDArray[np.uint8], lengths: NDArray[np.int64]) -> None:
    """Make the texts the rows' application text, with their hashes."""
    payloads.workspace.add_text(payloads.rows, flat, lengths)
    payloads.set("name_hash", name_hashes(flat, lengths))


def give_piece(payloads: Payloads, offset: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
    """Make the payloads' bytes `offset : offset + lengths`, cut at the captured end, their application text."""
    start = payloads.at + offset
    lengths = np.clip(lengths, 0, np.clip(payloads.stop - start, 0, TEXT_BYTES))
    give_text(payloads, payloads.workspace.data[positions(start, lengths)], lengths)


def give_first_line(payloads: Payloads, limit: int) -> None:
    """Make each payload's first line (up to CR, LF or NUL), at most `limit` bytes, its application text."""
    if not len(payloads):
        return
    lengths = np.minimum(payloads.captured, limit)
    flat = payloads.workspace.data[positions(payloads.at, lengths)]
    starts = np.cumsum(lengths) - lengths
    breaks = np.append(np.flatnonzero((flat == 13) | (flat == 10) | (flat == 0)), len(flat))
    kept = np.minimum(breaks[np.searchsorted(breaks, starts)] - starts, lengths)
    give_text(payloads, flat[positions(starts, kept)], kept)


def decimal3(payloads: Payloads, offset: int) -> NDArray[np.uint16]:
    """(rows,) number written as three ASCII digits at `offset`, 0 where there is none."""
    digits = payloads.head[:, offset : offset + 3].astype(np.int64) - 48
    valid = ((digits >= 0) & (digits <= 9)).all(axis=1)
    return np.where(valid, digits @ np.array([100, 10, 1]), 0).astype(np.uint16)
