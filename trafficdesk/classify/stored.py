"""What the classifiers said, kept in the log beside the rows, and said to a person."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trafficdesk.classify.looks import Looks
    from trafficdesk.packets.log import PacketLog

_MOSTLY = 0.5
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


def words_of_rows(log: PacketLog, ids: NDArray[np.int64]) -> str:
    """What more than half of some rows look like: "looks like what you called backup (0.87)"; else empty."""
    ids = ids[(ids >= log.first_id) & (ids < log.end_id)]
    numbers, likeness = log.column("label", ids), log.column("likeness", ids)
    for number, rows in Counter(numbers[numbers > 0].tolist()).most_common(1):
        if rows > _MOSTLY * len(ids):
            mean = float(likeness[numbers == number].mean()) / 100
            return f"looks like what you called {log.identities.labels[number]} ({mean:.2f})"
    return ""
