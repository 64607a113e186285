"""`Sums`: what many captures have together, added a file at a time; the order makes no difference but to memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trafficdesk import __version__
from trafficdesk.cli.collection.task import ADDRESSES, STOPPED
from trafficdesk.metrics.rates import MEASURES, Rates, Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trafficdesk.cli.collection.task import Outcome

_TOP: Final = 20
_MOST_ADDRESSES: Final = 1_000_000
"""Kept at a time, some 300 MB; beyond, the lighter half is forgotten."""
_SUMMED: Final = ("packets", "bytes", "flagged", "scored", "unscored")


class Sums:
    """Numbers of all files.

    Parameters
    ----------
    seed : of every analysis.
    skipped : files that were no captures.
    """

    def __init__(self, seed: int, skipped: int = 0) -> None:
        self.faults: list[tuple[str, str]] = []
        """Path and sentence of each file that was not read to its end, or not at all."""
        self.statuses: Counter[str] = Counter()
        self.bugs = 0
        """Files over which something of ours broke."""
        self._seed = seed
        self._skipped = skipped
        self._sums: Counter[str] = Counter()
        self._first_ns = 0
        self._last_ns = 0
        self._protocols: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._addresses: dict[str, list[int]] = {}
        self._exact = True
        """Whether every address was told, and is remembered."""
        self._suppressed: Counter[str] = Counter()
        self._threats: dict[tuple[str, str, str, int], list[int]] = {}
        self._incidents = 0
        self._rates = Rates()

    def add(self, path: str, told: Outcome) -> None:
        """One file."""
        self.statuses[told["status"]] += 1
        self.bugs += "details" in told
        if told["fault"] and told["status"] != STOPPED:
            self.faults.append((path, told["fault"]))
        if not told.get("packets"):
            return
        self._sums.update({name: told[name] for name in _SUMMED})
        self._first_ns = min(self._first_ns or told["first_ns"], told["first_ns"])
        self._last_ns = max(self._last_ns, told["last_ns"])
        for name, share in told["protocols"].items():
            both = self._protocols[name]
            both[0] += share["packets"]
            both[1] += share["bytes"]
        self._suppressed.update(told["suppressed"])
        self._incidents += len(told["incidents"])
        self._add_addresses(told)
        self._add_rates(told)
        for hit in told["threats"]:
            key = (hit["list"], hit["entry"], hit["met"], hit["dated_s"])
            packets, first, last = self._threats.get(key, (0, hit["first_ns"], hit["last_ns"]))
            self._threats[key] = [
                packets + hit["packets"], min(first, hit["first_ns"]), max(last, hit["last_ns"])
            ]  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """The keys that `analyze --json` has of one capture, as far as they can be added up."""
        return {
            "version": __version__,
            "seed": self._seed,
            "file_counts": {**dict(sorted(self.statuses.items())), "no_captures": self._skipped},
            **{name: self._sums[name] for name in _SUMMED[:2]},
            "first_ns": self._first_ns,
            "last_ns": self._last_ns,
            "protocols": {
                name: {"packets": packets, "bytes": octets}
                for name, (packets, octets) in sorted(
                    self._protocols.items(), key=lambda item: (-item[1][1], -item[1][0], item[0])
                )
            },
            "top_sources": list(self._top(0)),
            "top_destinations": list(self._top(2)),
            "unique_ip": len(self._addresses),
            "unique_ip_exact": self._exact,
            "incident_count": self._incidents,
            **{name: self._sums[name] for name in _SUMMED[2:]},
            "suppressed": {name: self._suppressed[name] for name in ("incidents", "packets")},
            "threats": list(self._hits()),
        }

    def series(self) -> Series:
        """What happened over time in all of them; by minute, or more where they span much."""
        return self._rates.series()

    def notes(self) -> tuple[str, ...]:
        """What a reader must know of these numbers."""
        parts = [f"{count:,} {name}" for name, count in sorted(self.statuses.items())]
        files = ", ".join(parts)
        skipped = f"; {self._skipped:,} other files were no captures" if self._skipped else ""
        notes = [f"Each file was analysed on its own: {files}{skipped}."]
        if not self._exact:
            notes.append(f"Of each file the {ADDRESSES:,} addresses with most bytes are counted.")
        return tuple(notes)

    def _add_addresses(self, told: Outcome) -> None:
        self._exact &= bool(told["unique_ip_exact"]) and told["unique_ip"] == len(told["addresses"])
        for address, counts in told["addresses"].items():
            mine = self._addresses.get(address)
            if mine is None:
                self._addresses[address] = list(counts)
            else:
                for at, count in enumerate(counts):
                    mine[at] += count
        if len(self._addresses) > _MOST_ADDRESSES:
            self._exact = False
            ranked = sorted(self._addresses.items(), key=lambda item: (-item[1][1] - item[1][3], item[0]))
            self._addresses = dict(ranked[: _MOST_ADDRESSES // 2])

    def _add_rates(self, told: Outcome) -> None:
        # What an earlier version left for `--resume` has none.
        if rates := told.get("rates"):
            starts, values = np.array(rates["starts"], np.int64), np.array(rates["values"], np.float64)
            self._rates.merge(
                Series(starts, values.reshape(len(starts), len(MEASURES)), MEASURES, rates["width_s"])
            )

    def _top(self, column: int) -> Iterator[dict[str, Any]]:
        """By bytes sent (0) or received (2)."""
        there = (item for item in self._addresses.items() if item[1][column])
        ranked = sorted(there, key=lambda item: (-item[1][column + 1], -item[1][column], item[0]))
        for address, counts in ranked[:_TOP]:
            yield {"address": address, "packets": counts[column], "bytes": counts[column + 1]}

    def _hits(self) -> Iterator[dict[str, Any]]:
        """Most packets first."""
        for key, (packets, first, last) in sorted(
            self._threats.items(), key=lambda item: (-item[1][0], item[0])
        ):
            told = dict(zip(("list", "entry", "met", "dated_s"), key, strict=True))
            yield {**told, "packets": packets, "first_ns": first, "last_ns": last}
