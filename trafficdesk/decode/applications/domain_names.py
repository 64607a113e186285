"""Domain names in messages (RFC 1035 section 4.1.4): labels and compression pointers, walked over many rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk.decode.applications.text import TEXT_BYTES, positions
from trafficdesk.packets.protocol import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.decode.applications.payload import Payloads

MAX_STEPS: Final = 128 + 8
"""Labels of a 255-byte name, and compression pointers followed."""


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """One name per row; of a faulty one, the labels before the fault."""

    flat: NDArray[np.uint8]
    """(bytes,) dotted texts end to end, without the root's dot."""
    lengths: NDArray[np.int64]
    """(rows,) bytes of each text."""
    first_labels: NDArray[np.int64]
    """(rows,) bytes of each first label."""
    after: NDArray[np.int64]
    """(rows,) absolute position after the name; 0 where it did not end properly."""
    status: NDArray[np.uint8]
    """(rows,) `Status`: COMPLETE, TRUNCATED or MALFORMED."""


class _Walk:
    """State of `walk_names`: the arrays in lower case shrink to the rows still walking."""

    def __init__(self, payloads: Payloads, message: NDArray[np.int64], at: NDArray[np.int64]) -> None:
        rows = len(payloads)
        self.data = payloads.workspace.data
        self.after = np.zeros(rows, np.int64)
        self.lengths = np.zeros(rows, np.int64)
        self.first_labels = np.zeros(rows, np.int64)
        self.status = np.full(rows, Status.MALFORMED, np.uint8)
        self.cut = payloads.stop < payloads.at + payloads.lengths
        self.pieces: list[tuple[NDArray[np.int64], ...]] = []
        self.row = np.arange(rows)
        self.at = at
        self.stop = payloads.stop
        self.message = message

    def step(self) -> None:
        """Take one label or pointer of every row still walking."""
        inside = self.at < self.stop
        size = np.where(inside, self.data[np.minimum(self.at, len(self.data) - 1)], 1).astype(np.int64)
        used = self.lengths[self.row]
        fits = inside & (self.at + size < self.stop)
        label = fits & (size > 0) & (size < 64) & (used + size + (used > 0) <= TEXT_BYTES - 1)
        self._end(inside & (size == 0))
        if label.all():
            self._take(size)
            self.at = self.at + size + 1
            return
        pointer = inside & (size >= 0xC0) & (self.at + 1 < self.stop)
        cut = self.row[~inside | (~fits & (size < 64))]
        self.status[cut[self.cut[cut]]] = Status.TRUNCATED
        target = self._jump(pointer, size)
        self._keep(label)
        self._take(size[label])
        self.at = self.at + size[label] + 1
        self._resume(target)

    def _end(self, root: NDArray[np.bool_]) -> None:
        ended = self.row[root]
        self.status[ended] = Status.COMPLETE
        self.after[ended] = np.where(self.after[ended] == 0, self.at[root] + 1, self.after[ended])

    def _take(self, size: NDArray[np.int64]) -> None:
        """Note the label at each row's place as a piece of its name."""
        used = self.lengths[self.row]
        begins = used + (used > 0)
        self.pieces.append((self.row, self.at + 1, size, begins))
        first = used == 0
        self.first_labels[self.row[first]] = size[first]
        self.lengths[self.row] = begins + size

    def _jump(self, pointer: NDArray[np.bool_], size: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        """Rows, targets, and new bounds of the pointers; only those pointing backwards, so that no walk is endless."""
        row, at, message = self.row[pointer], self.at[pointer], self.message[pointer]
        target = message + ((size[pointer] & 0x3F) << 8) + self.data[at + 1]
        good = target < at
        row, at, message, target = row[good], at[good], message[good], target[good]
        self.after[row] = np.where(self.after[row] == 0, at + 2, self.after[row])
        return row, target, self.stop[pointer][good], message

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        self.row, self.at, self.stop, self.message = (
            array[mask] for array in (self.row, self.at, self.stop, self.message)
        )

    def _resume(self, jumped: tuple[NDArray[Any], ...]) -> None:
        if len(jumped[0]):
            walking = (self.row, self.at, self.stop, self.message)
            self.row, self.at, self.stop, self.message = (
                np.concatenate(pair) for pair in zip(walking, jumped, strict=True)
            )


def walk_names(payloads: Payloads, message: NDArray[np.int64], at: NDArray[np.int64]) -> Names:
    """Read the names at the absolute positions `at` of messages that begin at `message`.

    A pointer must point before itself and the steps are bounded; a label beyond the captured end truncates the name.
    """
    walk = _Walk(payloads, message, at)
    for _ in range(MAX_STEPS):
        if not len(walk.row):
            break
        walk.step()
    return Names(_dotted(walk), walk.lengths, walk.first_labels, walk.after, walk.status)


def _dotted(walk: _Walk) -> NDArray[np.uint8]:
    """The labels put in place, dots between."""
    starts = np.cumsum(walk.lengths) - walk.lengths
    flat = np.full(int(walk.lengths.sum()), ord("."), np.uint8)
    if walk.pieces:
        row, source, size, begins = (np.concatenate(column) for column in zip(*walk.pieces, strict=True))
        flat[positions(starts[row] + begins, size)] = walk.data[positions(source, size)]
    return flat
