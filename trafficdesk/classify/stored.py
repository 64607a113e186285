"""What the classifiers said, kept in the log beside the rows, and said to a person."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.classify.looks import Looks
    from trafficdesk.packets.log import PacketLog

_INCIDENTS: Final = 1_000
"""Whose rows are counted; older ones are closed."""
_MOSTLY: Final = 0.5
"""Share of an incident's rows that must look alike to say so of the incident."""


def store(log: PacketLog, label: Looks, application: Looks) -> None:
    """Keep what rows look like; those that have left the log are passed over."""
    for looks, column, share in (
        (label, "label", "likeness"),
        (application, "application", "application_likeness"),
    ):
        if len(looks):
            numbers = np.array([log.identities.labels.number(name) for name in looks.names], np.uint16)
            log.update_analysis(column, looks.ids, numbers[looks.number])
            log.update_analysis(share, looks.ids, np.round(100 * looks.likeness).astype(np.uint8))


def replace_labels(log: PacketLog, label: Looks) -> None:
    """Forget every row's label and keep these: another classifier has been asked."""
    known = log.select(lambda _batch, analysis: analysis["label"] > 0)
    log.update_analysis("label", known, np.zeros(len(known), np.uint16))
    store(log, label, type(label)())


def words_of(log: PacketLog, packet_id: int) -> str:
    """One line about a row in the log: "looks like what you called backup (0.87) · behaves like DNS (0.91)"."""
    at = np.array([packet_id])
    said = []
    for column, share, words in (
        ("label", "likeness", "looks like what you called"),
        ("application", "application_likeness", "behaves like"),
    ):
        name = log.identities.labels[int(log.column(column, at)[0])]
        if name:
            said.append(f"{words} {name} ({log.column(share, at)[0] / 100:.2f})")
    return " · ".join(said)


class LooksByIncident:
    """What the rows of incidents look like, counted as they come.

    Parameters
    ----------
    log : where rows and what they look like are kept.
    """

    def __init__(self, log: PacketLog) -> None:
        self._log = log
        self._rows: dict[int, Counter[int]] = {}
        """Of each incident: rows by label, 0 = none."""
        self._percent: dict[int, Counter[int]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._percent.clear()

    def add(self, incident: int, ids: NDArray[np.int64]) -> None:
        """These rows belong to it, too; those that have left the log are passed over."""
        ids = ids[(ids >= self._log.first_id) & (ids < self._log.end_id)]
        labels, percent = self._log.column("label", ids), self._log.column("likeness", ids)
        rows, sums = self._rows.setdefault(incident, Counter()), self._percent.setdefault(incident, Counter())
        for label in np.unique(labels).tolist():
            mine = labels == label
            rows[label] += int(np.count_nonzero(mine))
            sums[label] += int(percent[mine].sum(dtype=np.int64))
        while len(self._rows) > _INCIDENTS:
            oldest = next(iter(self._rows))
            del self._rows[oldest], self._percent[oldest]

    def words(self, incident: int) -> str:
        """What more than half of its rows look like: "looks like what you called backup (0.87)"; else empty."""
        rows = self._rows.get(incident, Counter())
        for label, count in rows.most_common(1):
            if label and count > _MOSTLY * rows.total():
                mean = self._percent[incident][label] / count / 100
                return f"looks like what you called {self._log.identities.labels[label]} ({mean:.2f})"
        return ""
