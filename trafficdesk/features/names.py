"""Names in DNS rows as their letters tell them: which domain they belong to, and which are addresses in disguise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.packets.batch import PacketBatch

TAIL: Final = 48
"""Characters of a name that are looked at for its domain."""
SHORT_LABEL: Final = 3
"""A second-level label of so few characters before a country's (co.uk, com.br) is taken for part of the suffix."""
_DOT: Final = ord(".")
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_ARPA: Final = np.frombuffer(b".arpa", np.uint8)


def reverse_names(batch: PacketBatch, dns: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(rows,) whether a DNS row names an address (RFC 1035 section 3.5, RFC 3596 section 2.5): long, always another, no data."""
    reverse = np.zeros(len(batch), np.bool_)
    at = np.flatnonzero(dns & (batch["text_length"] >= len(_ARPA)))
    stop = batch["text_start"][at] + batch["text_length"][at]
    held = (batch["text_start"][at] >= 0) & (stop <= len(batch.text))
    at, stop = at[held], stop[held]
    if len(at):
        ends = batch.text[stop[:, None] - np.arange(len(_ARPA), 0, -1)] | np.uint8(0x20)
        reverse[at] = (ends == (_ARPA | np.uint8(0x20))).all(axis=1)
    return reverse


def domains_of(batch: PacketBatch, at: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of the DNS rows `at`: the domain's hash, and the characters before the domain.

    The domain is the last two labels, or three where the second-level one is as short as in co.uk. Names that the text
    does not hold are domains of their own.
    """
    arena = batch.text
    length = batch["text_length"][at].astype(np.int64)
    stop = batch["text_start"][at] + length
    held = (batch["text_start"][at] >= 0) & (stop <= len(arena)) & (length > 0)
    if not held.any():
        return batch["name_hash"][at].view(np.int64), length
    # From the name's end backwards; what lies before its beginning is 0.
    behind = np.arange(1, TAIL + 1)
    inside = held[:, None] & (behind <= length[:, None])
    letters = np.where(inside, arena[np.where(inside, stop[:, None] - behind, 0)], 0).astype(np.uint8)
    letters |= ((letters >= 65) & (letters <= 90)).astype(np.uint8) << 5
    dots = np.cumsum(letters == _DOT, axis=1)
    top = (dots == 0).sum(axis=1)
    second = (dots == 1).sum(axis=1) - 1
    kept = np.where((second <= SHORT_LABEL) & (top == 2), 3, 2)
    own = inside & (dots < kept[:, None])
    powers = np.cumprod(np.full(TAIL, _BASE))
    with np.errstate(over="ignore"):
        key = ((letters.astype(np.uint64) + np.uint64(1)) * powers * own).sum(axis=1, dtype=np.uint64)
    key = np.where(held, key, batch["name_hash"][at])
    before = np.where(held, np.maximum(length - own.sum(axis=1) - 1, 0), length)
    return key.view(np.int64), before
