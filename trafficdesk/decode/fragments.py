"""Ports of later fragments: they hold none themselves, the first fragment of the same packet does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 / golden ratio."""
_FOLD: Final = np.uint64(32)


def carry_ports(workspace: Workspace) -> None:
    """Give the later fragments of a block the ports of their first one, if it is in the same block.

    Fragments of a packet follow each other closely; where a block ends between them, the later ones stay without ports,
    as they do where the first one was not captured.
    """
    if not workspace.fragments:
        return
    rows = np.concatenate([rows for rows, _ in workspace.fragments])
    numbers = np.concatenate([numbers for _, numbers in workspace.fragments])
    columns = workspace.columns
    offset = columns["fragment_offset"][rows]
    keys = _packet_keys(workspace, rows, numbers)
    first = (offset == 0) & (columns["source_port"][rows] >= 0)
    later = offset > 0
    if not (first.any() and later.any()):
        return
    order = np.lexsort((rows[first], keys[first]))
    sources, known = rows[first][order], keys[first][order]
    # Of several packets with one identification the last one that began before the fragment counts.
    place = np.searchsorted(known, keys[later], "right") - 1
    target = rows[later]
    begun = _before(known, sources, keys[later], target, place)
    found = begun >= 0
    for name in ("source_port", "destination_port"):
        columns[name][target[found]] = columns[name][sources[begun[found]]]


def _before(
    known: NDArray[np.uint64],
    sources: NDArray[np.int64],
    keys: NDArray[np.uint64],
    target: NDArray[np.int64],
    place: NDArray[np.int64],
) -> NDArray[np.int64]:
    """(fragments,) place of the first fragment that belongs to each, -1 where there is none."""
    matches = (place >= 0) & (known[np.maximum(place, 0)] == keys)
    # Identifications come round again within a block only when something floods: a few steps back do.
    for _ in range(_STEPS_BACK):
        lower = np.maximum(place - 1, 0)
        step = matches & (sources[np.maximum(place, 0)] > target) & (place > 0) & (known[lower] == keys)
        if not step.any():
            break
        place = np.where(step, lower, place)
    result: NDArray[np.int64] = np.where(matches, place, -1)
    return result


_STEPS_BACK: Final = 8


def _packet_keys(
    workspace: Workspace, rows: NDArray[np.int64], numbers: NDArray[np.uint32]
) -> NDArray[np.uint64]:
    """(rows,) a number for source, destination, protocol and identification (RFC 791 section 3.2, RFC 8200 section 4.5)."""
    key = numbers.astype(np.uint64) * _ODD
    key += workspace.columns["ip_protocol"][rows].astype(np.uint64)
    for name in ("source", "destination"):
        halves = np.ascontiguousarray(workspace.columns[name][rows]).view(np.uint64).reshape(-1, 2)
        for half in (halves[:, 0], halves[:, 1]):
            key ^= key >> _FOLD
            key *= _ODD
            key += half
    key ^= key >> _FOLD
    return key * _ODD
