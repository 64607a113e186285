"""`Recall`: what corrections did to the rows of a log, so that it can be taken back to the bit.

The log shows what follows from the corrections in force; here is kept what it would show without them, of the rows they
touch. Incidents are counted along: one that has no flagged row left is suppressed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.corrections import Corrections, corrected
from trafficdesk.detect.families import FAMILY_INDEX, UNUSUAL
from trafficdesk.detect.findings import MAX_INCIDENTS
from trafficdesk.detect.labels import Label
from trafficdesk.detect.suppression import FlaggedPackets, LogColumns, SuppressionRule, holds
from trafficdesk.detect.touched_rows import TouchedRows
from trafficdesk.packets.log import FLAGGED, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from trafficdesk.detect.finding import Detection, Incident
    from trafficdesk.detect.findings import FindingLog
    from trafficdesk.packets.log import PacketLog

_TOUCHED: Final = int(Verdict.SUPPRESSED | Verdict.KNOWN_BAD)


class Recall:
    """Corrections at work on one capture's log.

    Parameters
    ----------
    log : whose rows are touched.
    findings : their reasons.
    clock_ns : capture time is no help against what expires: nanoseconds since the Unix epoch.
    """

    def __init__(self, log: PacketLog, findings: FindingLog, clock_ns: Callable[[], int]) -> None:
        self._log = log
        self._findings = findings
        self._clock_ns = clock_ns
        self.corrections = Corrections()
        """Those in force."""
        self._rows = TouchedRows()
        self._told: dict[int, int] = {}
        """Flagged rows by incident."""
        self._hushed: dict[int, int] = {}
        """Suppressed rows by incident."""
        self._bad: dict[int, int] = {}
        """Known-bad rows by incident."""
        self._bad_label: dict[int, int] = {}
        """Number of the label that speaks of them."""
        self.flagged_change = 0
        """Flagged rows that were added after the detector had spoken, less those that were taken away."""
        self._sorted: tuple[tuple[Incident, ...], tuple[Incident, ...], tuple[Incident, ...]] = ((), (), ())
        """Incidents as they were given last; of these told ones and suppressed ones."""
        self._stale = False

    def renewed(self, log: PacketLog, findings: FindingLog) -> Recall:
        """For another capture: what lasts holds there, too."""
        other = Recall(log, findings, self._clock_ns)
        other.corrections = self.corrections.lasting()
        return other

    @property
    def suppressed_rows(self) -> int:
        """Rows that would be flagged."""
        return len(self._rows.suppressed_ids())

    def hits(self) -> dict[int, int]:
        """Rows touched, by the correction's number."""
        return self._rows.hits()

    def is_hushed(self, incident: int) -> bool:
        """Whether an incident has suppressed rows and no flagged one."""
        return self._hushed.get(incident, 0) > 0 and self._told.get(incident, 0) <= 0

    def words_of(self, packet_id: int) -> str:
        """What was said of a row, as a person reads it; empty where nothing was."""
        by = int(self._rows.by_of(np.array([packet_id]))[0])
        entry = self.corrections.entry(abs(by)) if by else None
        if isinstance(entry, Label):
            name = f" ({entry.name})" if entry.name else ""
            return f"Like what you marked as suspicious{name}" if by < 0 else f"Expected, as you said{name}"
        if isinstance(entry, SuppressionRule):
            return f"Suppressed by your rule: {entry.note or entry.words}"
        return "Dismissed just this once" if entry is not None else ""

    def worded(self, incident: Incident) -> Incident:
        """The incident; one like what was marked as suspicious says so."""
        if self._bad.get(incident.id, 0) <= 0:
            return incident
        label = self.corrections.entry(self._bad_label.get(incident.id, 0))
        name = f" ({label.name})" if isinstance(label, Label) and label.name else ""
        return replace(incident, sentence=f"Like what you marked as suspicious{name}: {incident.sentence}")

    def changed(self, incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
        """Of incidents that were opened or changed those that are worth telling."""
        return tuple(self.worded(incident) for incident in incidents if not self.is_hushed(incident.id))

    def told(self, incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
        """Those that are not suppressed; the same tuple until one changes."""
        return self._sort(incidents)[1]

    def suppressed(self, incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
        """Those that are; the same tuple until one changes."""
        return self._sort(incidents)[2]

    def _sort(
        self, incidents: tuple[Incident, ...]
    ) -> tuple[tuple[Incident, ...], tuple[Incident, ...], tuple[Incident, ...]]:
        if not self._hushed and not self._bad:
            return incidents, incidents, ()
        if self._stale or self._sorted[0] is not incidents:
            hushed = tuple(incident for incident in incidents if self.is_hushed(incident.id))
            numbers = {incident.id for incident in hushed}
            told = tuple(self.worded(incident) for incident in incidents if incident.id not in numbers)
            self._sorted = incidents, told, hushed
            self._stale = False
        return self._sorted

    def added(self, detection: Detection) -> None:
        """Rows were stored in the log as the detector said, who knows labels only: apply what it can't know."""
        self._rows.put(
            detection.corrected_ids, detection.corrected_by, detection.plain_score, detection.plain_verdict
        )
        flagged = detection.flagged_ids
        ids = np.concatenate([flagged, detection.joined_ids])
        self._count(np.unique(ids), 1)
        if len(flagged) and (self.corrections.rules or self.corrections.once):
            self._set(flagged, self._ruled(flagged, self._rows.by_of(flagged)))

    def correct(self, corrections: Corrections, heard: tuple[NDArray[np.int64], NDArray[np.int32]]) -> None:
        """Other corrections hold from now on; the past follows.

        Parameters
        ----------
        heard : ids and `spoken` of the flagged rows that the detector remembers; older ones keep what was said of
            them as long as the label is there.
        """
        self.corrections = corrections
        touchable = FLAGGED | _TOUCHED
        ids = self._log.select(
            lambda _batch, analysis: (analysis["verdict"].astype(np.uint8) & touchable) != 0
        )
        by = self._rows.by_of(ids)
        numbers = [label.number for label in corrections.labels]
        by = np.where(np.isin(np.abs(by), numbers), by, 0).astype(np.int32)
        known = np.isin(ids, heard[0])
        by[known] = heard[1][np.searchsorted(heard[0], ids[known])]
        self._set(ids, self._ruled(ids, by))

    def renamed(self, first_id: int, stop_id: int) -> None:
        """Programs or names of rows became known: rules that ask for them are asked again."""
        if not any(rule.program or rule.peer for rule in self.corrections.rules):
            return
        ids = self._log.select(
            lambda _batch, analysis: (analysis["verdict"].astype(np.uint8) & (FLAGGED | _TOUCHED)) != 0,
            first_id,
            stop_id,
        )
        labelled = self._rows.by_of(ids)
        numbers = [label.number for label in self.corrections.labels]
        self._set(ids, self._ruled(ids, np.where(np.isin(np.abs(labelled), numbers), labelled, 0)))

    @property
    def next_expiry_ns(self) -> int:
        """When the next rule ends to hold, ns since the Unix epoch; 0 = none will."""
        now = self._clock_ns()
        ends = [rule.expires_ns for rule in self.corrections.rules if rule.on and rule.expires_ns > now]
        return min(ends, default=0)

    def preview(self, corrections: Corrections) -> int:
        """Flagged rows of the log that the rules of `corrections` would suppress."""
        ids = self._log.select(lambda _batch, analysis: (analysis["verdict"].astype(np.uint8) & FLAGGED) != 0)
        before = np.zeros(len(ids), np.int32)
        return int(np.count_nonzero(self._ruled(ids, before, corrections)))

    def suppressed_ids(self) -> NDArray[np.int64]:
        """Ascending ids of suppressed rows."""
        return self._rows.suppressed_ids()

    def _ruled(
        self, ids: NDArray[np.int64], by: NDArray[np.int32], corrections: Corrections | None = None
    ) -> NDArray[np.int32]:
        """(ids,) what speaks of each row: labels as in `by`, then rules and what was dismissed."""
        corrections = corrections or self.corrections
        by = by.astype(np.int32)
        now = self._clock_ns()
        rules = [rule for rule in corrections.rules if rule.on and not rule.expired(now)]
        free = by == 0
        if len(ids) and rules and free.any():
            rows = self._packets(ids)
            for rule in rules:
                by[(by == 0) & holds(rule, rows)] = rule.number
        for once in corrections.once:
            mine = np.isin(ids, once.ids)
            if once.incident:
                mine |= self._log.column("incident", ids) == once.incident
            by[mine] = once.number
        return by

    def _packets(self, ids: NDArray[np.int64]) -> FlaggedPackets:
        log = self._log
        return FlaggedPackets(
            columns=LogColumns(log, ids),
            family=self._families(ids),
            program=log.column("program", ids),
            host=log.column("host", ids),
            reasons=self._findings.reason_features(ids),
            identities=log.identities,
        )

    def _families(self, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(ids,) family of each row; a row that only the model found odd has that of its incident."""
        family = self._log.column("family", ids)
        incident = self._log.column("incident", ids)
        for number in np.unique(incident[(family == UNUSUAL) & (incident > 0)]).tolist():
            found = self._findings.incident(number)
            if found is not None:
                family[(family == UNUSUAL) & (incident == number)] = FAMILY_INDEX.get(found.family, UNUSUAL)
        return family

    def _set(self, ids: NDArray[np.int64], by: NDArray[np.int32]) -> None:
        """Write what follows from `by` into the log, from what each row would be without any correction."""
        changed = by != self._rows.by_of(ids)
        ids, by = ids[changed], by[changed]
        if not len(ids):
            return
        score, verdict = self._log.column("score", ids), self._log.column("verdict", ids)
        self._rows.restore(ids, score, verdict)
        self._count(ids, -1)
        before = int(np.count_nonzero(self._log.column("verdict", ids) & FLAGGED))
        new_score, new_verdict = corrected(score, verdict, by)
        self._log.update_analysis("score", ids, new_score)
        self._log.update_analysis("verdict", ids, new_verdict)
        self.flagged_change += int(np.count_nonzero(new_verdict & FLAGGED)) - before
        self._rows.put(ids, by, score, verdict)
        self._count(ids, 1)

    def _count(self, ids: NDArray[np.int64], sign: int) -> None:
        ids = ids[(ids >= self._log.first_id) & (ids < self._log.end_id)]
        if not len(ids):
            return
        self._stale = True
        incident, verdict = self._log.column("incident", ids), self._log.column("verdict", ids)
        by = self._rows.by_of(ids)
        spoken = by < 0
        self._bad_label.update(zip(incident[spoken].tolist(), (-by[spoken]).tolist(), strict=True))
        kinds = (
            (self._told, FLAGGED),
            (self._hushed, int(Verdict.SUPPRESSED)),
            (self._bad, int(Verdict.KNOWN_BAD)),
        )
        for counts, bits in kinds:
            here = incident[((verdict & bits) != 0) & (incident > 0)]
            numbers, rows = np.unique(here, return_counts=True)
            for number, many in zip(numbers.tolist(), rows.tolist(), strict=True):
                counts[number] = counts.get(number, 0) + sign * many
        for known in (self._told, self._hushed, self._bad, self._bad_label):
            if len(known) > 2 * MAX_INCIDENTS:  # older incidents are no longer kept either
                for number in sorted(known)[:-MAX_INCIDENTS]:
                    del known[number]
