"""`ModelRecord`: what it takes to fit a model again and get the same scores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.settings import DetectionSettings

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One fit: its seed, and the window it saw.

    The same capture analysed with the same settings fits the same models again; the digest shows that it was so.
    """

    number: int
    """1-based; what incidents and flagged rows name their model by."""
    seed: int
    """Of everything random in it."""
    rows: int
    """Of the rolling window."""
    first_id: int
    """packet_id of the window's oldest row; -1 = it was learned before this capture."""
    last_id: int
    """packet_id of its newest row."""
    digest: str
    """Of the window's numbers, as 16 hex digits."""
    older_rows: int
    """Of the long memory that took part; 0 = none did."""
    trees: int
    samples: int
    early: bool
    """Whether too little was known to flag anything."""
    fitted_at_ns: int = 0
    """Capture time."""

    @classmethod
    def of(
        cls,
        window: NDArray[np.float32],
        settings: DetectionSettings,
        number: int,
        *,
        older: int,
        early: bool,
        span: tuple[int, int],
    ) -> Self:
        """Of a fit on `window` (rows, features)."""
        digest = hashlib.blake2b(np.ascontiguousarray(window).view(np.uint8).data, digest_size=_DIGEST_BYTES)
        return cls(
            number,
            settings.seed + number,
            len(window),
            *span,
            digest.hexdigest(),
            older,
            settings.trees,
            settings.samples,
            early,
        )
