"""`Tracker`: one incident while it goes on: its rows counted, its peers, what was highest, when to tell again."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.explanation import TOLD
from trafficdesk.detect.families import FAMILIES, UNUSUAL
from trafficdesk.detect.finding import Incident
from trafficdesk.detect.rules.rule import Story
from trafficdesk.detect.timeline import Timeline
from trafficdesk.detect.words import combination, listed, reason_of, together
from trafficdesk.features import FEATURES, INDEX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.detect.families import Family
    from trafficdesk.detect.finding import Reason
    from trafficdesk.detect.flagged import FlaggedRows
    from trafficdesk.detect.rules import Rule

MAX_PEERS: Final = 1_024
TOLD_PEERS: Final = 10
MAX_HELD: Final = 64
"""Steps whose packet_ids are held for an incident that is not told yet; who needs more is not one."""
AGAIN_GROWTH: Final = 10
"""Tell again when the rows have grown tenfold (Slips' rule against a flood of alerts) ..."""
AGAIN_S: Final = 600.0
"""... or after ten minutes, then twenty, forty and so on: a beacon that goes on all day is not told 144 times."""


class Tracker:
    """Evidence of one incident."""

    def __init__(
        self,
        *,
        family: Family,
        rule: Rule | None,
        key: int,
        needed: int,
        merge_s: float,
        model_id: int,
    ) -> None:
        self.number = 0
        """The incident's id; 0 = it is not severe enough yet to be told."""
        self.key = key
        self.merge_s = merge_s
        self.packets = 0
        self.last_seconds = -np.inf
        self._family = family
        self._rule = rule
        self._needed = needed
        self._model_id = model_id
        self._culprit = ""
        self._start_ns = self._end_ns = 0
        self._first_seconds = 0.0
        self._first_id = 0
        self._peers: dict[int, list[int | str]] = {}
        self._ports: dict[int, int] = {}
        self._hits: dict[int, int] = {}
        self._highest: dict[int, float] = {}
        self._usual: dict[int, float] = {}
        self._whom: dict[int, str] = {}
        """Whom each reason's highest value tells of, where it is not the culprit."""
        self._timeline = Timeline()
        self._opened_ns = 0
        self._score = 0.0
        self._held: list[NDArray[np.int64]] = []
        self._announced = 0
        self._announced_packets = 0
        self._announced_seconds = -np.inf
        self._again_s = AGAIN_S

    @property
    def peer_keys(self) -> NDArray[np.int64]:
        """Host keys of the peers known."""
        return np.fromiter(self._peers, np.int64, len(self._peers))

    def add(self, rows: FlaggedRows) -> None:
        """Take rows whose first end is the culprit."""
        if not self.packets:
            self._culprit = rows.first_text(0)
            self._start_ns = self._end_ns = int(rows.timestamps_ns[0])
            self._first_seconds = float(rows.seconds[0])
            self._first_id = int(rows.ids[0])
            in_time = np.sort(rows.timestamps_ns)
            self._opened_ns = int(in_time[min(self._needed, len(rows)) - 1])
        self.packets += len(rows)
        self._timeline.add(rows.timestamps_ns)
        self._start_ns = min(self._start_ns, int(rows.timestamps_ns.min()))
        self._end_ns = max(self._end_ns, int(rows.timestamps_ns.max()))
        self._first_id = min(self._first_id, int(rows.ids[0]))
        self.last_seconds = max(self.last_seconds, float(rows.seconds[-1]))
        scores = rows.score[np.isfinite(rows.score)]
        if len(scores):
            self._score = max(self._score, float(scores.max()))
        self._add_peers(rows)
        self._add_reasons(rows)
        if self.number:
            self._announce()

    def open(self, number: int) -> None:
        """It is told from now on, by that number."""
        self.number = number
        self._announce()

    def claimed(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """packet_ids that it claims of late, `ids` among them; they are held until it is told."""
        held = [*self._held, ids]
        self._held = [] if self.number else held[-MAX_HELD:]
        return np.concatenate(held) if len(held) > 1 else ids

    def _announce(self) -> None:
        """Count how many times it was worth telling."""
        if (
            self.packets >= AGAIN_GROWTH * self._announced_packets
            or self.last_seconds - self._announced_seconds >= self._again_s
        ):
            if self._announced and self.last_seconds - self._announced_seconds >= self._again_s:
                self._again_s *= 2
            self._announced += 1
            self._announced_packets = self.packets
            self._announced_seconds = self.last_seconds

    def incident(self) -> Incident:
        """Its value now."""
        reasons = self._reasons()
        return Incident(
            id=self.number,
            family=self._family.name,
            start_ns=self._start_ns,
            end_ns=self._end_ns,
            culprit=self._culprit,
            peers=self._named_peers(),
            packets=self.packets,
            severity=self.severity,
            sentence=self._sentence(reasons),
            reasons=reasons,
            first_packet_id=self._first_id,
            announced=self._announced,
            model_id=self._model_id,
            opened_ns=self._opened_ns,
            timeline=self._timeline.counts,
            step_s=self._timeline.step_s,
        )

    def _add_peers(self, rows: FlaggedRows) -> None:
        keys, at, counts = np.unique(rows.second, return_index=True, return_counts=True)
        for key, row, count in zip(keys.tolist(), at.tolist(), counts.tolist(), strict=True):
            known = self._peers.get(key)
            if known is not None:
                known[0] = int(known[0]) + count
            elif len(self._peers) < MAX_PEERS:
                self._peers[key] = [count, rows.second_text(row)]
        ports, counts = np.unique(rows.port[rows.port >= 0], return_counts=True)
        for port, count in zip(ports.tolist(), counts.tolist(), strict=True):
            if port in self._ports or len(self._ports) < MAX_PEERS:
                self._ports[port] = self._ports.get(port, 0) + count

    def _add_reasons(self, rows: FlaggedRows) -> None:
        for index in np.unique(rows.reason_features).tolist():
            if index < 0:
                continue
            row, place = np.nonzero(rows.reason_features == index)
            self._hits[index] = self._hits.get(index, 0) + len(row)
            values = rows.reason_values[row, place]
            best = int(values.argmax())
            if values[best] >= self._highest.get(index, -np.inf):
                self._highest[index] = float(values[best])
                self._usual[index] = float(rows.reason_usual[row[-1], place[-1]])
                at_peer = rows.reason_second[row[best], place[best]] == 1
                self._whom[index] = rows.second_text(int(row[best])) if at_peer else ""

    def _named_peers(self) -> tuple[str, ...]:
        order = sorted(self._peers.values(), key=lambda peer: -int(peer[0]))
        return tuple(str(peer[1]) for peer in order[:TOLD_PEERS])

    def _reasons(self) -> tuple[Reason, ...]:
        """The rule's own measures first, in its order, then what was told most often."""
        own = [INDEX[name] for name in self._rule.measures] if self._rule else []
        told = sorted(self._hits, key=lambda index: (-self._hits[index], index))
        order = [*(index for index in own if index in self._hits), *(one for one in told if one not in own)]
        chosen: list[int] = []
        behaviours: set[str] = set()
        for index in order:
            behaviour = FEATURES[index].behaviour or FEATURES[index].name
            if index in own or behaviour not in behaviours:
                chosen.append(index)
                behaviours.add(behaviour)
        return tuple(
            reason_of(index, self._highest[index], self._usual[index], self._whom[index])
            for index in chosen[:TOLD]
        )

    def _sentence(self, reasons: tuple[Reason, ...]) -> str:
        peers = self._named_peers()
        if self._rule is not None:
            ports = tuple(sorted(self._ports, key=lambda port: -self._ports[port])[:TOLD])
            story = Story(
                culprit=self._culprit,
                peers=peers,
                peer_count=len(self._peers),
                values={FEATURES[index].name: value for index, value in self._highest.items()},
                usual={FEATURES[index].name: value for index, value in self._usual.items()},
                ports=ports,
                packets=self.packets,
                seconds=self.last_seconds - self._first_seconds,
            )
            return self._rule.tell(story)
        whom = f" with {listed(peers, 2)}" if peers else ""
        why = ", ".join(reason.words for reason in reasons) or "an unusual combination of behaviours"
        if together(reasons):
            why = combination(reasons)
        return f"{self._culprit}{whom}: {why}"

    @property
    def named(self) -> bool:
        """Whether a rule has a name for it."""
        return self._rule is not None

    @property
    def severity(self) -> int:
        """The family's gravity, plus how far beyond the floor and how many rows; never the number alone."""
        margin = 1.0
        if self._rule is not None:
            floors = self._rule.measures
            ratios = [
                self._highest[INDEX[name]] / floor
                for name, floor in floors.items()
                if INDEX[name] in self._highest
            ]
            margin = max([1.0, *ratios])
        beyond = 25.0 * min(max(self._score - 1.0, 0.0), 1.0) if self._family is FAMILIES[UNUSUAL] else 0.0
        rows = max(1.0, self.packets / self._needed)
        return int(np.clip(self._family.gravity + 12.0 * log10(margin) + 5.0 * log10(rows) + beyond, 0, 100))
