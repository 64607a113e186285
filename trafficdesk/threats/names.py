"""`DomainSet`: many domains, each with everything beneath it; a name is looked up by the hashes of its endings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_MOST_LABELS: Final = 12
"""Endings of a name that are looked up, the shortest ones: a name in the tail of which the 12 labels are not the entry's
is none we know of, and a tunnel's names have a hundred."""


@dataclass(frozen=True, slots=True, eq=False)
class DomainSet:
    """Domains in one string, found by Python's keyed hash (SipHash, PEP 456): crafted names don't collide."""

    hashes: NDArray[np.int64]
    """(domains,) ascending."""
    starts: NDArray[np.int64]
    """(domains,) where each lies in `text`, in the order of the hashes."""
    stops: NDArray[np.int64]
    text: bytes

    def __len__(self) -> int:
        return len(self.hashes)

    @classmethod
    def of(cls, domains: Iterable[bytes]) -> Self:
        """Domains in lower case, without the root's dot; repetitions count once."""
        distinct = list(dict.fromkeys(domains))
        hashes = np.fromiter(map(hash, distinct), np.int64, len(distinct))
        stops = np.cumsum(np.fromiter(map(len, distinct), np.int64, len(distinct)), dtype=np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), stops])[:-1]
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], starts[order], stops[order], b"".join(distinct))

    def find(self, names: Sequence[bytes]) -> list[bytes]:
        """For each name (lower case) the domain here that it is, or lies beneath, the longest one; b"" = none."""
        if not len(self.hashes) or not names:
            return [b""] * len(names)
        endings: list[bytes] = []
        owners: list[int] = []
        for number, name in enumerate(names):
            labels = name.split(b".")
            for first in range(max(0, len(labels) - _MOST_LABELS), len(labels) - 1):
                endings.append(b".".join(labels[first:]))
                owners.append(number)
        wanted = np.fromiter(map(hash, endings), np.int64, len(endings))
        at = np.searchsorted(self.hashes, wanted)
        hits = np.flatnonzero(self.hashes[np.minimum(at, len(self.hashes) - 1)] == wanted)
        found = [b""] * len(names)
        for hit in hits.tolist():
            if not found[owners[hit]] and self._holds(int(at[hit]), endings[hit]):
                found[owners[hit]] = endings[hit]
        return found

    def _holds(self, at: int, domain: bytes) -> bool:
        """Whether the domain stands at `at`, or after it under the same hash."""
        while at < len(self.hashes) and self.hashes[at] == hash(domain):
            if self.text[self.starts[at] : self.stops[at]] == domain:
                return True
            at += 1
        return False
