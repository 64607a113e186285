"""`Looks`: what rows look like to the classifiers; a value that crosses the process border."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Rows of which something is said; arrays over (said,)."""

    ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """packet_ids, ascending."""
    number: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    """Index in `names`."""
    likeness: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    """Share of the votes, above 0.5."""
    names: tuple[str, ...] = ()
    """What the classifier tells apart; words of a person, or of a file, hostile until escaped."""

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def joined(cls, parts: Sequence[Looks]) -> Looks:
        """Those of consecutive steps; of steps before a change of the classifier nothing is kept."""
        names = parts[-1].names if parts else ()
        same = [part for part in parts if part.names == names]
        if not same:
            return cls()
        return cls(
            np.concatenate([part.ids for part in same]),
            np.concatenate([part.number for part in same]),
            np.concatenate([part.likeness for part in same]),
            names,
        )
