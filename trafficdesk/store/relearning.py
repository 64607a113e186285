"""What is usual on a network, learned from its packets in the history: as a capture learns, without having captured.

Packets pass the same features, the same rules and models that keep the unusual from being learned, and the same bound
of rows a second of traffic. Only models are fitted less often: they are asked for nothing but what to set aside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from trafficdesk.detect.detector import Detector
from trafficdesk.errors import StoreError
from trafficdesk.packets.log import FLAGGED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trafficdesk.detect.baseline import Baseline
    from trafficdesk.detect.corrections import Corrections
    from trafficdesk.settings import DetectionSettings
    from trafficdesk.store.stored_packets import Stay, StoredPackets

MOST_PACKETS: Final = 5_000_000
"""The newest; they take some minutes."""
LEAST_EXAMPLES: Final = 512
"""Of fewer a capture would learn anew."""
_REFIT_SECONDS: Final = 300.0
_REFIT_ROWS: Final = 25_000
_HINT: Final = 'Set "Keep every packet, too" in Settings, History, and capture on this network for a while.'


@dataclass(frozen=True, slots=True, eq=False)
class Relearned:
    """What came of it, for one network."""

    network: str
    interface: str
    packets: int
    """That were looked at."""
    captures: int
    set_aside: int
    """Of these, those that a rule or the model had something against."""
    first_ns: int
    last_ns: int
    baseline: Baseline

    @property
    def examples(self) -> int:
        """Packets that were taken for usual."""
        return self.baseline.admitted

    @property
    def words(self) -> str:
        """In a sentence or two."""
        days = max(1, round((self.last_ns - self.first_ns) / 86_400e9))
        captures = "1 capture" if self.captures == 1 else f"{self.captures:,} captures"
        within = "a day" if days == 1 else f"{days:,} days"
        aside = 100 * self.set_aside / max(1, self.packets)
        return (
            f"Learned from {self.packets:,} packets of {captures} within {within}, "
            f"{lasting(self.baseline.learned_s)} of traffic: {self.examples:,} were taken for examples of what is usual; "
            f"{self.set_aside:,} ({aside:.1f} %) stood out and were set aside."
        )


def lasting(seconds: float) -> str:
    """In the unit that fits."""
    for unit, name in ((3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:.0f} seconds"


def relearn(
    packets: StoredPackets,
    stays: Sequence[Stay],
    settings: DetectionSettings,
    *,
    corrections: Corrections | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Relearned:
    """Learn what was usual in the stretches `stays`, which are of one network, by time.

    Parameters
    ----------
    corrections : what a person said of rows; what is known-bad is not learned.
    progress : told the share that is done, 0 to 1.

    Raises
    ------
    StoreError
        If there is too little, or the store can't be asked.
    """
    total = sum(stay.packets for stay in stays)
    skipped = max(0, total - MOST_PACKETS)
    detector = _detector(settings, corrections)
    captures: set[int] = set()
    seen = set_aside = first_ns = last_ns = 0
    for stay in stays:
        passed = min(skipped, stay.packets)
        skipped -= passed
        if passed == stay.packets:
            continue
        captures.add(stay.capture)
        detector.tell_gaps(packets.gaps(stay))
        for page, batch in enumerate(packets.batches(stay, seen, passed)):
            times = batch["timestamp_ns"]
            if page == 0 and last_ns:
                # As an interruption of a capture: what happened meanwhile is not known.
                detector.tell_gaps([(last_ns, int(times[0]))])
            detection = detector.process(batch)
            set_aside += int(np.count_nonzero(detection.verdict & FLAGGED))
            seen += len(batch)
            first_ns, last_ns = first_ns or int(times[0]), int(times[-1])
            progress(seen / max(1, total))
    baseline = detector.baseline()
    if len(baseline.recent) < LEAST_EXAMPLES:
        raise StoreError(f"The history holds {seen:,} packets of this network: too few to learn from.", _HINT)
    network, interface = stays[-1].network, stays[-1].interface
    return Relearned(network, interface, seen, len(captures), set_aside, first_ns, last_ns, baseline)


def _detector(settings: DetectionSettings, corrections: Corrections | None) -> Detector:
    coarse = replace(
        settings,
        refit_seconds=max(settings.refit_seconds, _REFIT_SECONDS),
        refit_rows=max(settings.refit_rows, _REFIT_ROWS),
    )
    detector = Detector(coarse)
    if corrections is not None:
        detector.corrections = corrections
    detector.expect_live()
    detector.change_network(None)
    return detector
