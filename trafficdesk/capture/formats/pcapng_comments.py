"""Comments of packets in pcapng blocks: found in the options of many blocks at once, read only where there are any.

Source: draft-ietf-opsawg-pcapng (2025) sections 3.5 and 4.3: opt_comment, UTF-8, as often as one likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.capture.formats.record_walk import u32

if TYPE_CHECKING:
    from numpy.typing import NDArray

_END, _COMMENT = 0, 1
_HEADER: Final = 4
"""Bytes of an option's code and length."""
_MOST_OPTIONS: Final = 256
"""Options of one packet that are looked at; who writes more must not choose how long reading takes."""
LONGEST: Final = 40_000
"""Bytes of a comment that are kept: 10,000 characters, as of those that a person writes."""


def no_comments() -> NDArray[np.int64]:
    """(0, 3): no packet has a comment."""
    return np.empty((0, 3), np.int64)


def comment_spans(
    data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64], *, big_endian: bool
) -> NDArray[np.int64]:
    """(comments, 3) row, first byte and length of each comment, row by row, in the order of the file.

    Parameters
    ----------
    starts, stops : (rows,) where each row's options begin and where they end; options that claim more are passed over.
    """
    rows = np.flatnonzero(stops - starts >= _HEADER)
    at = starts[rows]
    found = []
    for _ in range(_MOST_OPTIONS):
        if not len(rows):
            break
        word = u32(data, at, big_endian=big_endian)
        code, length = (word >> 16, word & 0xFFFF) if big_endian else (word & 0xFFFF, word >> 16)
        end = at + _HEADER + length
        sound = (code != _END) & (end <= stops[rows])
        said = sound & (code == _COMMENT) & (length > 0)
        found.append(np.stack([rows[said], at[said] + _HEADER, length[said]], axis=1))
        following = _HEADER + ((length + 3) & ~3)
        goes_on = sound & (at + following + _HEADER <= stops[rows])
        rows, at = rows[goes_on], (at + following)[goes_on]
    if not found:
        return no_comments()
    spans = np.concatenate(found)
    return spans[np.argsort(spans[:, 0], kind="stable")]


def comment_texts(
    data: NDArray[np.uint8], spans: NDArray[np.int64], first_row: int
) -> dict[int, tuple[str, ...]]:
    """Comments by row less `first_row`; hostile until made visible."""
    texts: dict[int, tuple[str, ...]] = {}
    for row, start, length in spans.tolist():
        raw = data[start : start + min(length, LONGEST)].tobytes()
        # A comment may end in the zero that C puts behind a text.
        text = raw.rstrip(b"\0").decode("utf-8", "replace")
        if text.strip():
            texts[row - first_row] = (*texts.get(row - first_row, ()), text)
    return texts
