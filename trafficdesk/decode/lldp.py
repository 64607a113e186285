"""LLDP (IEEE 802.1AB section 8): the sender's system name as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.decode.applications.text import TEXT_BYTES, positions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.workspace import Workspace

_SYSTEM_NAME: Final = 5
_MAX_ELEMENTS: Final = 32
"""Elements followed; the name comes sixth at the latest in what devices send."""


def read_lldp(workspace: Workspace, rows: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    """Walk the elements: seven bits of type, nine of length."""
    for _ in range(_MAX_ELEMENTS):
        inside = workspace.has(rows, at, 2)
        rows, at = rows[inside], at[inside]
        word = workspace.be16(rows, at)
        kind, size = word >> 9, (word & 0x1FF).astype(np.int64)
        name = kind == _SYSTEM_NAME
        if name.any():
            _give(workspace, rows[name], at[name] + 2, size[name])
        going = ~name & (kind != 0)
        rows, at = rows[going], (at + 2 + size)[going]
        if not len(rows):
            return


def _give(
    workspace: Workspace, rows: NDArray[np.int64], begin: NDArray[np.int64], size: NDArray[np.int64]
) -> None:
    size = np.clip(size, 0, np.clip(workspace.ends[rows] - begin, 0, TEXT_BYTES))
    workspace.add_text(rows, workspace.data[positions(begin, size)], size)
