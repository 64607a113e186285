"""`Incidents`: flagged rows gathered by culprit and family, while the gaps are short.

Single flagged packets are the wrong unit for a person: with five rows of one host within 30 s asked for, false alarms
fell from 19-35 to 3-5 per hour (measured 2026-11). What is gathered is told when it is severe enough for the alert
budget; until then it has no number, and its rows belong to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.families import FAMILIES, FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.flagged import FlaggedRows
from trafficdesk.detect.rules import RULES
from trafficdesk.detect.rules.rule import MERGE_S
from trafficdesk.detect.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trafficdesk.detect.budget import AlertBudget
    from trafficdesk.detect.finding import Incident

ROWS_NEEDED: Final = 5
"""Rows that an incident begins with, where its rule does not say."""
UNUSUAL_WITHIN_S: Final = 30.0
"""Rows without a rule must come this close together."""
MAX_ACTIVE: Final = 50
"""Per family; more culprits at once are an attack on the reader."""
MAX_PENDING: Final = 4_000
VICTIM_S: Final = 240.0
"""How long after its last flagged row an incident still explains what is odd about its hosts: four half-lives of the
longer host window."""
_RULE_OF: Final = {FAMILY_INDEX[rule.family]: rule for rule in RULES}


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Rows that belong to an incident now."""

    ids: NDArray[np.int64]
    incident: int


class Incidents:
    """Active incidents and the rows that may become one.

    Parameters
    ----------
    budget : says how severe an incident must be to be told; may be replaced.
    numbers : where the next incident's number comes from; default: 1, 2, 3, …
    teaching : whether what ends here teaches the budget.
    """

    def __init__(
        self, budget: AlertBudget, numbers: Iterator[int] | None = None, *, teaching: bool = True
    ) -> None:
        self.budget = budget
        self._teaching = teaching
        self._active: dict[int, list[Tracker]] = {}
        self._pending: dict[int, FlaggedRows] = {}
        self._changed: dict[int, Tracker] = {}
        self._numbers = count(1) if numbers is None else numbers

    def add(self, family: int, rows: FlaggedRows, model_id: int) -> list[Claim]:
        """Take flagged rows of one family; returns which rows, these or earlier ones, belong to which incident."""
        if not len(rows):
            return []
        now = float(rows.seconds[-1])
        rule = _RULE_OF.get(family)
        within = rule.merge_s if rule else UNUSUAL_WITHIN_S
        if family in self._pending:
            rows = FlaggedRows.joined((self._pending.pop(family), rows))
        rows = rows.where(now - rows.seconds <= within)
        self._close_old(family, now)
        claims, rows = self._attach(family, rows)
        for name in rule.yields_to if rule else ():
            self._close_old(FAMILY_INDEX[name], now)
            more, rows = self._attach(FAMILY_INDEX[name], rows)
            claims += more
        opened, rows = self._open(family, rows, model_id)
        if len(rows) and len(self._active[family]) < MAX_ACTIVE:
            self._pending[family] = rows.where(np.arange(len(rows)) >= len(rows) - MAX_PENDING)
        return claims + opened

    def explained(self, rows: FlaggedRows) -> tuple[list[Claim], NDArray[np.bool_]]:
        """Rows without a rule that going rule incidents explain.

        A host's counters are shown by all its rows, so while it scans, its browsing looks odd, too, and so do its
        victims' rows. Rows between culprit and peer belong to the incident; the others are collateral.

        Returns
        -------
        Claims of the former, and (rows,) which are the latter.
        """
        now = float(rows.seconds[-1])
        claims: list[Claim] = []
        belongs = np.zeros(len(rows), np.bool_)
        touched = np.zeros(len(rows), np.bool_)
        for family, trackers in self._active.items():
            for tracker in trackers:
                if family == UNUSUAL or now - tracker.last_seconds > VICTIM_S:
                    continue
                peers = tracker.peer_keys
                mine = (rows.first == tracker.key) | (rows.second == tracker.key)
                theirs = np.isin(rows.first, peers) | np.isin(rows.second, peers)
                touched |= mine | theirs
                both = mine & theirs & ~belongs
                if tracker.number and both.any():
                    belongs |= both
                    claims.append(Claim(rows.ids[both], tracker.number))
        return claims, touched & ~belongs

    def changes(self) -> tuple[Incident, ...]:
        """Incidents opened or changed since the last call, in order of opening."""
        changed = tuple(self._changed[number].incident() for number in sorted(self._changed))
        self._changed.clear()
        return changed

    def _close_old(self, family: int, now: float) -> None:
        going: list[Tracker] = []
        for tracker in self._active.get(family, []):
            if now - tracker.last_seconds <= tracker.merge_s:
                going.append(tracker)
            elif self._teaching:
                self.budget.count(tracker.severity)
        self._active[family] = going

    def _attach(self, family: int, rows: FlaggedRows) -> tuple[list[Claim], FlaggedRows]:
        claims: list[Claim] = []
        if not len(rows):
            return claims, rows
        trackers = sorted(self._active.get(family, ()), key=lambda one: one.packets)
        if not trackers:
            return claims, rows
        # Of two that fit the one with more rows so far: the larger index.
        owner = np.maximum(_index_of(trackers, rows.first), _index_of(trackers, rows.second))
        for index in np.unique(owner[owner >= 0])[::-1].tolist():
            claims += self._claim(trackers[index], rows.where(owner == index))
        return claims, rows.where(owner < 0)

    def _open(self, family: int, rows: FlaggedRows, model_id: int) -> tuple[list[Claim], FlaggedRows]:
        """Greedily: the host with the most rows is the culprit, again and again."""
        rule = _RULE_OF.get(family)
        needed = ROWS_NEEDED
        if rule is not None and rule.rows_needed is not None:
            needed = rule.rows_needed
        claims: list[Claim] = []
        active = self._active.setdefault(family, [])
        while len(rows) >= needed and len(active) < MAX_ACTIVE:
            key, most = _busiest(rows, either=rule is None)
            if most < needed:
                break
            mine = (rows.first == key) | (rows.second == key)
            tracker = Tracker(
                family=FAMILIES[family],
                rule=rule,
                key=key,
                needed=needed,
                merge_s=rule.merge_s if rule else MERGE_S,
                model_id=model_id,
            )
            active.append(tracker)
            claims += self._claim(tracker, rows.where(mine))
            rows = rows.where(~mine)
        return claims, rows

    def _claim(self, tracker: Tracker, rows: FlaggedRows) -> list[Claim]:
        tracker.add(rows.swapped(rows.first != tracker.key))
        if not tracker.number and tracker.severity >= self.budget.line_for(named=tracker.named):
            tracker.open(next(self._numbers))
        return self._told(tracker, rows.ids)

    def _told(self, tracker: Tracker, ids: NDArray[np.int64]) -> list[Claim]:
        """What `tracker` claims now that the packets `ids` are its own: nothing before it is told, then all."""
        ids = tracker.claimed(ids)
        if not tracker.number:
            return []
        self._changed[tracker.number] = tracker
        return [Claim(ids, tracker.number)]


def _index_of(trackers: list[Tracker], keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the tracker that has each key, -1 = none."""
    known = np.array([tracker.key for tracker in trackers], np.int64)
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known[order], keys), len(known) - 1)
    return np.where(known[order][at] == keys, order[at], -1)


def _busiest(rows: FlaggedRows, *, either: bool) -> tuple[int, int]:
    """Host key with the most rows, and how many; of equals the one that is first end more often."""
    keys, first = np.unique(rows.first, return_counts=True)
    if not either:
        best = int(first.argmax())
        return int(keys[best]), int(first[best])
    both = np.where(rows.first == rows.second, rows.first + 1, rows.second)
    hosts, count = np.unique(np.concatenate([rows.first, both]), return_counts=True)
    as_first = np.zeros(len(hosts), np.int64)
    as_first[np.searchsorted(hosts, keys)] = first
    best = int(np.lexsort((as_first, count))[-1])
    return int(hosts[best]), int(count[best])
